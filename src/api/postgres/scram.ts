/** The server's half of SCRAM-SHA-256. Sources: RFC 5802, RFC 7677, and "SASL Authentication" of PostgreSQL's protocol. */
import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";
import { SQL_STATE, SqlError } from "../../redshift/sql-error.js";

export const SCRAM_MECHANISM = "SCRAM-SHA-256";
/** RFC 7677's least, and PostgreSQL's default. */
const ITERATIONS = 4096;

/** What a server keeps of a password. */
export interface ScramSecrets {
  readonly salt: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

export function scramSecrets(password: string, salt: Buffer): ScramSecrets {
  const salted = pbkdf2Sync(password.normalize("NFKC"), salt, ITERATIONS, 32, "sha256");
  return { salt, storedKey: sha256(hmac(salted, "Client Key")), serverKey: hmac(salted, "Server Key") };
}

export interface ScramExchange {
  /** The server's first message. */
  readonly challenge: string;
  /** The server's last message for the client's; undefined where it does not know the password. */
  prove(clientFinal: string): string | undefined;
}

/** Throws SqlError 08P01 for messages that are none of the mechanism. */
export function scramExchange(mechanism: string, clientFirst: string, secrets: ScramSecrets): ScramExchange {
  if (mechanism !== SCRAM_MECHANISM) throw violated(`the mechanism ${mechanism} is not offered`);
  // n: the client has no channel binding; y: it has, and thinks that the server has not.
  const header = /^[ny],[^,]*,/.exec(clientFirst)?.[0];
  if (header === undefined) throw violated("channel binding is not offered");
  const clientFirstBare = clientFirst.slice(header.length);
  const clientNonce = /^(?:[^,]+,)*?r=([\x21-\x2b\x2d-\x7e]+)(?:,|$)/.exec(clientFirstBare)?.[1];
  if (clientNonce === undefined) throw violated("the client's nonce is missing");
  const nonce = clientNonce + randomBytes(18).toString("base64");
  const challenge = `r=${nonce},s=${secrets.salt.toString("base64")},i=${ITERATIONS}`;

  return {
    challenge,
    prove(clientFinal) {
      const found = /^(c=([^,]+),r=([^,]+)(?:,[^,]+)*),p=([^,]+)$/.exec(clientFinal);
      if (found === null) throw violated("the client's last message is malformed");
      const [, withoutProof = "", binding = "", finalNonce, proofText = ""] = found;
      if (Buffer.from(binding, "base64").toString() !== header || finalNonce !== nonce) {
        throw violated("the client's last message belongs to another exchange");
      }
      const authMessage = `${clientFirstBare},${challenge},${withoutProof}`;
      const signature = hmac(secrets.storedKey, authMessage);
      const proof = Buffer.from(proofText, "base64");
      if (proof.length !== signature.length) return undefined;
      const clientKey = Buffer.from(proof.map((byte, index) => byte ^ signature[index]!));
      if (!timingSafeEqual(sha256(clientKey), secrets.storedKey)) return undefined;
      return `v=${hmac(secrets.serverKey, authMessage).toString("base64")}`;
    },
  };
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function violated(what: string): SqlError {
  return new SqlError(SQL_STATE.protocolViolation, `SCRAM authentication: ${what}`, { severity: "FATAL" });
}
