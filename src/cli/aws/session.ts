import { messageOf, PenstockError } from "../../core/errors.js";
import type { Terminal } from "../support/terminal.js";

/** What each client of the SDK is opened with. Credentials, profiles and AWS_ENDPOINT_URL are the SDK's own to find. */
export interface AwsSession {
  /** Undefined leaves it to the profile. */
  readonly client: { readonly region?: string };
}

export function awsSession(region: string | undefined, terminal: Terminal): AwsSession {
  const { AWS_REGION, AWS_DEFAULT_REGION } = terminal.environment;
  // The SDK for JavaScript does not read AWS_DEFAULT_REGION, which the AWS CLI and Python's do.
  const named = region ?? (AWS_REGION || AWS_DEFAULT_REGION || undefined);
  return { client: named === undefined ? {} : { region: named } };
}

/** Runs a call of the SDK; what goes wrong becomes one message that says what to do. `what` completes "cannot ...". */
export async function calling<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw explained(what, error);
  }
}

const REFUSED_CREDENTIALS =
  /^(ExpiredToken|ExpiredTokenException|RequestExpired|InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|InvalidSignatureException|InvalidAccessKeyId|AuthFailure)$/;

export function explained(what: string, error: unknown): PenstockError {
  if (error instanceof PenstockError) return error;
  const { name, message } = error instanceof Error ? error : { name: "", message: String(error) };
  const details = { cause: error };
  if (/^(CredentialsProviderError|TokenProviderError)$/.test(name) || /could not load credentials/i.test(message)) {
    return new PenstockError("refused", "There are no AWS credentials.", {
      ...details,
      hint: "Set AWS_PROFILE to a profile that is there (`aws configure list-profiles`; after `aws sso login` or `aws configure`), or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
    });
  }
  if (/region is missing|region not accepted: region=""/i.test(message)) {
    return new PenstockError("invalid-argument", "No AWS region is named.", {
      ...details,
      hint: "Add --region, such as --region us-east-1, or set AWS_REGION.",
    });
  }
  if (REFUSED_CREDENTIALS.test(name)) {
    return new PenstockError("refused", `AWS does not accept the credentials (${name}: ${message}).`, {
      ...details,
      hint: "They are wrong or have run out: log in again (`aws sso login`), or set others.",
    });
  }
  if (/AccessDenied|UnauthorizedOperation|NotAuthorized|Forbidden/i.test(name)) {
    return new PenstockError("refused", `AWS does not let you ${what} (${message}).`, {
      ...details,
      hint: "`aws sts get-caller-identity` says who you are; the message names the right that is missing.",
    });
  }
  if (/Throttl|TooManyRequests|ServiceUnavailable|InternalFailure|InternalServer/i.test(name)) {
    return new PenstockError("unavailable", `AWS has no time to ${what} (${name}: ${message}).`, {
      ...details,
      hint: "Try again in a minute.",
    });
  }
  const code = codeOf(error);
  if (code !== undefined || /^(TimeoutError|NetworkingError)$/.test(name)) {
    return new PenstockError("unavailable", `No answer from AWS (${code ?? name}): cannot ${what}.`, {
      ...details,
      hint: "Is the network there, and the region's name right? AWS_ENDPOINT_URL, where it is set, must answer.",
    });
  }
  return new PenstockError("load-failed", `Cannot ${what}: ${messageOf(error)}`, details);
}

/** A socket's error; of several addresses tried, the first's. */
function codeOf(error: unknown): string | undefined {
  const codes = /^(ECONN\w+|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE)$/;
  if (typeof error !== "object" || error === null) return undefined;
  if ("code" in error && typeof error.code === "string" && codes.test(error.code)) return error.code;
  if (error instanceof AggregateError) return error.errors.map(codeOf).find((code) => code !== undefined);
  return "cause" in error ? codeOf(error.cause) : undefined;
}
