/**
 * Signature Version 4, the receiving side. Without configured credentials a request must only carry a well-formed signature, as the
 * services demand before they look further; with them, each is signed again and compared.
 */
import { createHash, createHmac } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";
import { type Credential, sameText } from "../../core/credential.js";
import { AwsError } from "./aws-error.js";

export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names; for HTTP/2 with `:authority`. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

/** Throws the service's error for a request that is not signed as it must be. */
/** Answers who has signed it; undefined where nobody need prove who they are. */
export type SignatureCheck = (request: SignedRequest, signingName: string) => Promise<string | undefined>;

const QUERY_PARTS = ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"];
/** How far a signature's time may be from ours, as on AWS. */
const SKEW_MS = 5 * 60_000;

export function signatureCheck(credentials: readonly Credential[], now: () => number): SignatureCheck {
  const secrets = new Map(credentials.map(({ name, secret }) => [name, secret]));
  return async (request, signingName) => {
    const signature = readSignature(request);
    if (secrets.size === 0) return undefined;
    await verify(request, signature, signingName, secrets, now());
    return signature.credential.split("/", 1)[0];
  };
}

interface Signature {
  readonly inQuery: boolean;
  readonly credential: string;
  readonly signature: string;
  readonly signedHeaders: readonly string[];
  readonly date: string;
}

function readSignature({ headers, query }: SignedRequest): Signature {
  const { authorization } = headers;
  const inQuery = query.has("X-Amz-Algorithm");
  if (authorization !== undefined && authorization !== "" && inQuery) {
    throw new AwsError(
      "InvalidSignatureException",
      "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
    );
  }
  if (inQuery) {
    const missing = QUERY_PARTS.filter((part) => !query.get(part));
    if (missing.length > 0) {
      const faults = missing.map((part) => `AWS query-string parameters must include '${part}'. `);
      throw incomplete(`${faults.join("")}Re-examine the query-string parameters.`);
    }
    return signatureOf(true, (part) => query.get(`X-Amz-${part}`) ?? "", query.get("X-Amz-Date") ?? "");
  }
  if (authorization === undefined || authorization === "") {
    throw new AwsError("MissingAuthenticationTokenException", "Missing Authentication Token");
  }
  const parts = authorizationParts(authorization);
  const date = headers["x-amz-date"] ?? headers.date;
  const faults = ["Credential", "Signature", "SignedHeaders"]
    .filter((part) => !parts.get(part))
    .map((part) => `Authorization header requires '${part}' parameter. `);
  if (date === undefined || date === "") {
    faults.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ");
  }
  if (faults.length > 0) throw incomplete(`${faults.join("")}Authorization=${authorization}`);
  return signatureOf(false, (part) => parts.get(part) ?? "", date ?? "");
}

function signatureOf(inQuery: boolean, part: (name: string) => string, date: string): Signature {
  return {
    inQuery,
    credential: part("Credential"),
    signature: part("Signature"),
    signedHeaders: part("SignedHeaders").toLowerCase().split(";"),
    date,
  };
}

/** `AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=...`, with commas, spaces or both between. */
function authorizationParts(authorization: string): ReadonlyMap<string, string> {
  const parts = new Map<string, string>();
  for (const part of authorization.split(/[, ]+/).slice(1)) {
    const equals = part.indexOf("=");
    if (equals > 0) parts.set(part.slice(0, equals), part.slice(equals + 1));
  }
  return parts;
}

function incomplete(message: string): AwsError {
  return new AwsError("IncompleteSignatureException", message);
}

function invalid(message: string): AwsError {
  return new AwsError("InvalidSignatureException", message);
}

const MISMATCH =
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key " +
  "and signing method. Consult the service documentation for details.";

async function verify(
  request: SignedRequest,
  given: Signature,
  signingName: string,
  secrets: ReadonlyMap<string, string>,
  nowMs: number,
): Promise<void> {
  const [accessKeyId = "", day = "", region = "", service = "", end = ""] = given.credential.split("/");
  const secretAccessKey = secrets.get(accessKeyId);
  if (secretAccessKey === undefined) {
    throw new AwsError("UnrecognizedClientException", "The security token included in the request is invalid.");
  }
  if (service !== signingName || end !== "aws4_request") {
    throw invalid(`Credential should be scoped to correct service: '${signingName}'. `);
  }
  const dateMs = signingTimeMs(given.date);
  if (dateMs === undefined || given.date.slice(0, 8) !== day) {
    throw invalid(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${day}'.`,
    );
  }
  checkSkew(given, dateMs, nowMs, expirySeconds(request, given));
  checkSignedHeaders(request, given);
  checkPayloadHash(request);

  const signed = new Set(given.signedHeaders);
  const headers: Record<string, string> = {};
  for (const name of signed) {
    const value = signedValue(request.headers, name);
    if (value === undefined) throw invalid(MISMATCH);
    headers[name] = value;
  }
  const signer = new SignatureV4({
    service,
    region,
    credentials: { accessKeyId, secretAccessKey },
    sha256: NodeSha256,
    applyChecksum: false,
  });
  const query = queryOf(request.query);
  const unsigned = {
    method: request.method,
    protocol: "http:",
    hostname: "",
    path: request.path,
    headers,
    query,
    body: request.body,
  };
  const options = { signingDate: new Date(dateMs), signableHeaders: signed };
  let computed: string | undefined;
  if (given.inQuery) {
    const expiresIn = expirySeconds(request, given);
    for (const name of Object.keys(query))
      if (/^x-amz-(algorithm|credential|date|expires|signature|signedheaders)$/i.test(name)) delete query[name];
    const presigned = await signer.presign(unsigned, { ...options, expiresIn, unhoistableHeaders: signed });
    computed = presigned.query?.["X-Amz-Signature"] as string | undefined;
  } else {
    const resigned = await signer.sign(unsigned, options);
    computed = authorizationParts(resigned.headers.authorization ?? "").get("Signature");
  }
  if (computed === undefined || !sameText(computed, given.signature)) throw invalid(MISMATCH);
}

/** Over HTTP/2 the host is `:authority`; some SDKs sign it by that name, others still as `host`. */
function signedValue(headers: SignedRequest["headers"], name: string): string | undefined {
  return headers[name] ?? (name === "host" ? headers[":authority"] : undefined);
}

function expirySeconds({ query }: SignedRequest, given: Signature): number {
  if (!given.inQuery) return SKEW_MS / 1000;
  const seconds = Number(query.get("X-Amz-Expires") ?? SKEW_MS / 1000);
  return Number.isInteger(seconds) && seconds > 0 && seconds <= 604_800 ? seconds : 0;
}

function checkSkew(given: Signature, dateMs: number, nowMs: number, lifeSeconds: number): void {
  const minutes = lifeSeconds / 60;
  if (dateMs < nowMs - lifeSeconds * 1000) {
    const oldest = compact(nowMs - lifeSeconds * 1000);
    throw invalid(
      `Signature expired: ${given.date} is now earlier than ${oldest} (${compact(nowMs)} - ${minutes} min.)`,
    );
  }
  if (dateMs > nowMs + SKEW_MS) {
    const newest = compact(nowMs + SKEW_MS);
    throw invalid(
      `Signature not yet current: ${given.date} is still later than ${newest} (${compact(nowMs)} + 5 min.)`,
    );
  }
}

/** What decides where a request goes and what it does must be signed, or a captured one could be bent. */
function checkSignedHeaders({ headers }: SignedRequest, { signedHeaders }: Signature): void {
  if (!signedHeaders.includes("host") && !signedHeaders.includes(":authority")) {
    throw invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  }
  for (const name of Object.keys(headers)) {
    if (name.startsWith("x-amz-") && name !== "x-amz-content-sha256" && !signedHeaders.includes(name)) {
      throw invalid(`'${name}' must be a 'SignedHeader' in the AWS Authorization.`);
    }
  }
}

/** The signature covers the stated hash, so the stated hash must be the body's. */
function checkPayloadHash({ headers, body }: SignedRequest): void {
  const stated = headers["x-amz-content-sha256"];
  if (stated !== undefined && stated !== createHash("sha256").update(body).digest("hex")) throw invalid(MISMATCH);
}

function queryOf(query: URLSearchParams): Record<string, string | string[]> {
  const all: Record<string, string | string[]> = {};
  for (const name of new Set(query.keys())) {
    const values = query.getAll(name);
    all[name] = values.length === 1 ? values[0]! : values;
  }
  return all;
}

/** `20261122T101500Z`, or undefined. */
function signingTimeMs(date: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

function compact(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, "");
}

type Source = string | ArrayBuffer | ArrayBufferView;

/** SHA-256 and its HMAC from the platform, in the form the signer wants: many times quicker than in JavaScript. */
class NodeSha256 {
  private readonly hash;

  constructor(secret?: Source) {
    this.hash = secret === undefined ? createHash("sha256") : createHmac("sha256", bytesOf(secret));
  }

  update(data: Uint8Array | string): void {
    this.hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }

  reset(): void {
    throw new Error("A digest is used once.");
  }
}

function bytesOf(source: Source): Uint8Array | string {
  if (typeof source === "string") return source;
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
}
