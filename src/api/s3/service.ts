/** S3's REST API over the buckets. */
import { randomBytes } from "node:crypto";
import { pipeline } from "node:stream/promises";
import type { Clock } from "../../core/clock.js";
import type { Credential } from "../../core/credential.js";
import type { Buckets } from "../../lake/buckets.js";
import type { Exchange, HttpService, Served } from "../aws/http-service.js";
import type { HttpRequest, HttpResponse } from "../http/listener.js";
import { requestBody } from "./body.js";
import type { S3Answer, S3Context } from "./call.js";
import { readAddress, type S3Address } from "./request.js";
import { routeOf } from "./routes.js";
import { errorXml, S3Error, s3ErrorOf } from "./s3-error.js";
import { signatureCheck } from "./sigv4.js";

export interface S3Options {
  readonly buckets: Buckets;
  readonly clock: Clock;
  readonly region: string;
  readonly accountId: string;
  /** Empty: signatures are not asked for, and not verified. */
  readonly credentials?: readonly Credential[];
  /** Whether the lake is for that user. Absent: for all. */
  readonly readsLake?: (user: string) => boolean;
  readonly log?: { error(message: string, error: unknown): void };
  /** How long a body, or a reader of one, may stand still; default one minute. */
  readonly idleMs?: number;
}

const IDLE_MS = 60_000;
const EXTENDED_ID_BYTES = 48;

type Headers = Readonly<Record<string, string | undefined>>;

export function s3Service(options: S3Options): HttpService {
  const { buckets, clock, region, accountId, idleMs = IDLE_MS } = options;
  const context: S3Context = { buckets, clock, region, accountId };
  const checkSignature = signatureCheck(options.credentials ?? [], () => clock.now());

  const answer = async (exchange: Exchange, state: RequestState): Promise<S3Answer> => {
    const { request, virtualHost } = exchange;
    const method = request.method ?? "GET";
    const address = readAddress(request.url ?? "/", virtualHost);
    state.resource = address.path;
    const received = headersOf(request);
    const { chunks, accessKeyId } = checkSignature({ method, address, headers: received });
    const shut = accessKeyId !== undefined && options.readsLake?.(accessKeyId) === false;
    const query = new Map(address.query);
    const headers = query.has("X-Amz-Signature") ? withHoisted(received, address) : received;
    const route = routeOf(method, address, query, headers);
    state.operation = route.name;
    const owner = headers["x-amz-expected-bucket-owner"];
    if (owner !== undefined && owner !== accountId) throw new S3Error("AccessDenied");
    return route.run({
      context: shut ? { ...context, buckets: withoutLake(buckets) } : context,
      bucketName: address.bucket ?? "",
      key: address.key ?? "",
      query,
      headers,
      body: (own = headers) =>
        requestBody({
          bytes: watched(request, idleMs),
          headers: own,
          payloadHash: received["x-amz-content-sha256"] ?? query.get("X-Amz-Content-Sha256"),
          chunks,
        }),
    });
  };

  return {
    serve: async (exchange) => {
      const { request, response } = exchange;
      const requestId = randomBytes(8).toString("hex").toUpperCase();
      const hostId = randomBytes(EXTENDED_ID_BYTES).toString("base64");
      const base = { "x-amz-request-id": requestId, "x-amz-id-2": hostId, ...exchange.corsHeaders };
      const state: RequestState = { operation: "Unknown", resource: "/" };
      const served = (status: number): Served => ({
        service: "s3",
        operation: state.operation,
        status,
        requestBytes: Number(request.headers["content-length"] ?? 0),
      });
      let answered: S3Answer;
      try {
        answered = await answer(exchange, state);
      } catch (error) {
        const known = s3ErrorOf(error);
        // Whoever has gone needs no answer, and it is nobody's fault.
        if (known === undefined && !request.destroyed) {
          options.log?.error(`S3 ${state.operation} (request ${requestId}) failed`, error);
        }
        answered = errorAnswer(known ?? new S3Error("InternalError"), state.resource, requestId, hostId);
      }
      await send(exchange, base, answered, idleMs).catch((error: unknown) => {
        if (!isGone(error))
          options.log?.error(`S3 ${state.operation} (request ${requestId}) could not be answered`, error);
        response.destroy();
      });
      dropRest(request, idleMs);
      return served(answered.status);
    },
  };
}

/** To whom the lake is closed it is there, and closed. */
function withoutLake(buckets: Buckets): Buckets {
  return {
    ...buckets,
    bucket(name) {
      const found = buckets.bucket(name);
      if (found?.permanent !== true) return found;
      throw new S3Error("AccessDenied", {
        message: "The lake is for superusers, and for users with USAGE on its schema.",
      });
    },
  };
}

interface RequestState {
  operation: string;
  resource: string;
}

function errorAnswer(error: S3Error, resource: string, requestId: string, hostId: string): S3Answer {
  const { headers = {} } = error.details;
  if (error.status === 304) return { status: 304, headers };
  const body = errorXml(error, resource, requestId, hostId);
  return { status: error.status, headers: { "content-type": "application/xml", ...headers }, body };
}

async function send(
  { request, response }: Exchange,
  base: Readonly<Record<string, string>>,
  { status, headers, body, sizeBytes }: S3Answer,
  idleMs: number,
): Promise<void> {
  if (response.destroyed || response.writableEnded) {
    if (typeof body === "object") body.bytes.destroy();
    return;
  }
  const length = typeof body === "string" ? Buffer.byteLength(body) : (body?.sizeBytes ?? sizeBytes ?? 0);
  const bodiless = status === 204 || status === 304;
  // Both kinds of response take this form; their types have no common signature.
  const plain = response as HttpResponse & {
    writeHead(status: number, headers: object): void;
    end(body?: string): void;
  };
  plain.writeHead(status, { ...base, ...headers, ...(bodiless ? {} : { "content-length": String(length) }) });
  if (typeof body !== "object" || request.method === "HEAD") {
    plain.end(request.method === "HEAD" || typeof body !== "string" ? undefined : body);
    return;
  }
  response.setTimeout(idleMs, () => response.destroy());
  await pipeline(body.bytes, response as NodeJS.WritableStream);
}

/** What is left of a body that nobody wants is read and dropped, so that the answer can arrive; not for ever. */
function dropRest(request: HttpRequest, idleMs: number): void {
  if (request.readableEnded || request.destroyed) return;
  const timer = setTimeout(() => request.destroy(), idleMs);
  request.once("close", () => clearTimeout(timer));
  request.once("end", () => clearTimeout(timer));
  request.on("error", () => undefined);
  request.resume();
}

/** The body as it comes, given up when it stands still. Left early, the request stays open for its answer. */
async function* watched(request: HttpRequest, idleMs: number): AsyncGenerator<Uint8Array> {
  const timer = setTimeout(() => request.destroy(new Error("The request's body stood still for too long.")), idleMs);
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      timer.refresh();
      yield chunk as Uint8Array;
      timer.refresh();
    }
  } finally {
    clearTimeout(timer);
  }
}

function headersOf(request: HttpRequest): Headers {
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    headers[name] = Array.isArray(value) ? value.join(",") : value;
  }
  return headers;
}

const SIGNATURE_PARAMETER =
  /^x-amz-(?:algorithm|credential|date|expires|signature|signedheaders|security-token|content-sha256)$/;
/** S3 pays no heed to these: the SDKs put the checksum of the empty body there, which is all they know when they sign. */
const CHECKSUM_PARAMETER = /^x-amz-(?:sdk-)?checksum-/;

/** A presigned URL carries in its query what would else be x-amz headers. */
function withHoisted(headers: Headers, { query }: S3Address): Headers {
  const hoisted: Record<string, string | undefined> = {};
  for (const [name, value] of query) {
    const lower = name.toLowerCase();
    if (!lower.startsWith("x-amz-") || SIGNATURE_PARAMETER.test(lower) || CHECKSUM_PARAMETER.test(lower)) continue;
    hoisted[lower] = value;
  }
  return { ...hoisted, ...headers };
}

function isGone(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return (
    code === "ERR_STREAM_PREMATURE_CLOSE" ||
    code === "ECONNRESET" ||
    code === "EPIPE" ||
    code === "ERR_HTTP2_INVALID_STREAM"
  );
}
