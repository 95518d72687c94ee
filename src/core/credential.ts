import { createHash, timingSafeEqual } from "node:crypto";

/** The name is the AWS access key id and the console's user; the secret is the AWS secret access key, the password and the bearer token. */
export interface Credential {
  readonly name: string;
  readonly secret: string;
}

/** Whether two texts are the same, in a time that tells nothing of where they differ. */
export function sameText(a: string, b: string): boolean {
  // Digests have one length, whatever the texts have.
  return timingSafeEqual(createHash("sha256").update(a).digest(), createHash("sha256").update(b).digest());
}
