/**
 * Signature Version 4 as S3 has it: the path is encoded once and never normalised, the payload may go unsigned or be signed chunk by chunk,
 * and a signature may stand in the query (a presigned URL). Without configured credentials nothing is asked for.
 */
import { createHash, createHmac } from "node:crypto";
import { type Credential, sameText } from "../../core/credential.js";
import { type S3Address, uriEncode } from "./request.js";
import { S3Error } from "./s3-error.js";

export interface SignedRequest {
  readonly method: string;
  readonly address: S3Address;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** What the signature says about the body. */
export interface Verified {
  /** Who has signed it; undefined where nobody need prove who they are. */
  readonly accessKeyId: string | undefined;
  /** Verifies the chunks of an aws-chunked body, where there is a secret to do it with. */
  readonly chunks: ChunkSigner | undefined;
}

export interface ChunkSigner {
  /** Throws unless this is the signature of the next chunk. */
  chunk(payloadHash: string, signature: string): void;
  trailer(text: string, signature: string): void;
}

export type SignatureCheck = (request: SignedRequest) => Verified;

const ALGORITHM = "AWS4-HMAC-SHA256";
/** S3: "The difference between the request time and the server's time is too large" beyond 15 minutes. */
const SKEW_MS = 15 * 60_000;
/** S3: a presigned URL lasts at most seven days. */
const EXPIRES_SECONDS_MAX = 604_800;
const EMPTY_HASH = createHash("sha256").digest("hex");

export function signatureCheck(credentials: readonly Credential[], now: () => number): SignatureCheck {
  if (credentials.length === 0) return () => ({ accessKeyId: undefined, chunks: undefined });
  const secrets = new Map(credentials.map(({ name, secret }) => [name, secret]));
  return (request) => {
    const query = new Map(request.address.query);
    const authorization = request.headers.authorization ?? "";
    const presigned = query.has("X-Amz-Algorithm") || query.has("X-Amz-Signature");
    if (authorization !== "" && presigned) {
      throw new S3Error("InvalidArgument", {
        message:
          "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified",
      });
    }
    if (query.has("AWSAccessKeyId") || (authorization !== "" && !authorization.startsWith(`${ALGORITHM} `))) {
      throw new S3Error("InvalidRequest", {
        message: "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
      });
    }
    if (authorization === "" && !presigned) throw new S3Error("AccessDenied");
    const given = presigned ? fromQuery(query) : fromHeader(authorization, request.headers);
    return verify(request, given, presigned, secrets, now());
  };
}

interface Given {
  readonly accessKeyId: string;
  readonly day: string;
  readonly region: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly date: string;
  readonly payloadHash: string;
  readonly expiresSeconds: number | undefined;
}

function fromHeader(authorization: string, headers: SignedRequest["headers"]): Given {
  const parts = new Map(
    authorization
      .slice(ALGORITHM.length)
      .split(/[, ]+/)
      .map((part) => [part.slice(0, part.indexOf("=")), part.slice(part.indexOf("=") + 1)]),
  );
  const [credential, signedHeaders, signature] = ["Credential", "SignedHeaders", "Signature"].map((name) =>
    parts.get(name),
  );
  if (!credential || !signedHeaders || !signature) {
    throw new S3Error("AuthorizationHeaderMalformed", {
      message: "The authorization header is malformed; it must have Credential, SignedHeaders and Signature.",
    });
  }
  const payloadHash = headers["x-amz-content-sha256"];
  if (payloadHash === undefined) {
    throw new S3Error("InvalidRequest", { message: "Missing required header for this request: x-amz-content-sha256" });
  }
  const date = headers["x-amz-date"] ?? "";
  return {
    ...scopeOf(credential, (message) => new S3Error("AuthorizationHeaderMalformed", { message })),
    signedHeaders: signedHeaders.toLowerCase().split(";"),
    signature,
    date,
    payloadHash,
    expiresSeconds: undefined,
  };
}

function fromQuery(query: ReadonlyMap<string, string>): Given {
  const fault = (message: string) => new S3Error("AuthorizationQueryParametersError", { message });
  const [algorithm, credential, signature, signedHeaders, date, expires] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
    "X-Amz-Date",
    "X-Amz-Expires",
  ].map((name) => query.get(name));
  if (!algorithm || !credential || !signature || !signedHeaders || !date || !expires) {
    throw fault(
      "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
    );
  }
  if (algorithm !== ALGORITHM) throw fault('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"');
  if (!/^\d{1,9}$/.test(expires)) throw fault("X-Amz-Expires should be a number");
  const expiresSeconds = Number(expires);
  if (expiresSeconds > EXPIRES_SECONDS_MAX) {
    throw fault(
      "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds",
    );
  }
  return {
    ...scopeOf(credential, fault),
    signedHeaders: signedHeaders.toLowerCase().split(";"),
    signature,
    date,
    payloadHash: query.get("X-Amz-Content-Sha256") ?? "UNSIGNED-PAYLOAD",
    expiresSeconds,
  };
}

function scopeOf(credential: string, fault: (message: string) => S3Error) {
  const parts = credential.split("/");
  // An access key id may hold a slash itself.
  const [day = "", region = "", service = "", end = ""] = parts.slice(-4);
  const accessKeyId = parts.slice(0, -4).join("/");
  if (accessKeyId === "" || service !== "s3" || end !== "aws4_request") {
    throw fault(
      `Error parsing the X-Amz-Credential parameter; the Credential "${credential}" must be <access key id>/<date>/<region>/s3/aws4_request.`,
    );
  }
  return { accessKeyId, day, region };
}

function verify(
  request: SignedRequest,
  given: Given,
  presigned: boolean,
  secrets: ReadonlyMap<string, string>,
  nowMs: number,
): Verified {
  const secret = secrets.get(given.accessKeyId);
  if (secret === undefined) {
    throw new S3Error("InvalidAccessKeyId", { elements: { AWSAccessKeyId: given.accessKeyId } });
  }
  checkTime(given, nowMs);
  checkSignedHeaders(request, given);
  const scope = `${given.day}/${given.region}/s3/aws4_request`;
  const canonical = canonicalRequest(request, given, presigned);
  const toSign = [ALGORITHM, given.date, scope, sha256(canonical)].join("\n");
  const key = ["aws4_request", "s3", given.region, given.day].reduceRight(
    (above: string | Buffer, part) => hmac(above, part),
    `AWS4${secret}`,
  ) as Buffer;
  if (!sameText(hmac(key, toSign).toString("hex"), given.signature)) {
    throw new S3Error("SignatureDoesNotMatch", {
      elements: { AWSAccessKeyId: given.accessKeyId, StringToSign: toSign, CanonicalRequest: canonical },
    });
  }
  return { accessKeyId: given.accessKeyId, chunks: chunkSigner(key, given, scope) };
}

function checkTime({ date, day, expiresSeconds }: Given, nowMs: number): void {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
  const [, year, month, dayOfMonth, hour, minute, second] = match ?? [];
  const atMs = Date.parse(`${year}-${month}-${dayOfMonth}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(atMs) || date.slice(0, 8) !== day) {
    throw new S3Error("AccessDenied", {
      message: "AWS authentication requires a valid x-amz-date, of the day that the credential's scope names.",
    });
  }
  const times = { ServerTime: new Date(nowMs).toISOString() };
  if (expiresSeconds === undefined) {
    if (Math.abs(nowMs - atMs) <= SKEW_MS) return;
    throw new S3Error("RequestTimeTooSkewed", {
      elements: { RequestTime: date, ...times, MaxAllowedSkewMilliseconds: String(SKEW_MS) },
    });
  }
  if (atMs > nowMs + SKEW_MS) {
    throw new S3Error("AccessDenied", { message: "Request is not yet valid", elements: times });
  }
  if (nowMs > atMs + expiresSeconds * 1000) {
    throw new S3Error("AccessDenied", {
      message: "Request has expired",
      elements: { Expires: new Date(atMs + expiresSeconds * 1000).toISOString(), ...times },
    });
  }
}

/** What decides where a request goes and what it does must be signed, or a captured one could be bent. */
function checkSignedHeaders({ headers }: SignedRequest, { signedHeaders }: Given): void {
  const unsigned = Object.keys(headers).filter(
    (name) => name.startsWith("x-amz-") && name !== "x-amz-content-sha256" && !signedHeaders.includes(name),
  );
  if (!signedHeaders.includes("host") && !signedHeaders.includes(":authority")) unsigned.unshift("host");
  if (unsigned.length === 0) return;
  throw new S3Error("AccessDenied", {
    message: "There were headers present in the request which were not signed",
    elements: { HeadersNotSigned: unsigned.join(", ") },
  });
}

function canonicalRequest({ method, address, headers }: SignedRequest, given: Given, presigned: boolean): string {
  const query = address.query
    .filter(([name]) => !presigned || name !== "X-Amz-Signature")
    .map(([name, value]) => [uriEncode(name), uriEncode(value)] as const)
    .sort(([a, x], [b, y]) => (a < b || (a === b && x < y) ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
  const lines = given.signedHeaders.map((name) => {
    const value = headers[name] ?? (name === "host" ? headers[":authority"] : undefined) ?? "";
    return `${name}:${value.trim().replaceAll(/ +/g, " ")}\n`;
  });
  return [
    method,
    uriEncode(address.path, "keep"),
    query,
    lines.join(""),
    given.signedHeaders.join(";"),
    presigned ? (headers["x-amz-content-sha256"] ?? given.payloadHash) : given.payloadHash,
  ].join("\n");
}

function chunkSigner(key: Buffer, given: Given, scope: string): ChunkSigner {
  let previous = given.signature;
  const check = (kind: string, parts: readonly string[], signature: string) => {
    const text = [`${ALGORITHM}-${kind}`, given.date, scope, previous, ...parts].join("\n");
    const expected = hmac(key, text).toString("hex");
    if (!sameText(expected, signature)) throw new S3Error("SignatureDoesNotMatch");
    previous = expected;
  };
  return {
    chunk: (payloadHash, signature) => check("PAYLOAD", [EMPTY_HASH, payloadHash], signature),
    trailer: (text, signature) => check("TRAILER", [sha256(text)], signature),
  };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
