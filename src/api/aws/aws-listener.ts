/**
 * The door for AWS clients: one port, any number of services behind it, told apart by X-Amz-Target; whatever has none, and is no POST to /, is
 * for the service that speaks HTTP itself, where there is one. The order in which a request is
 * refused (origin, method, body, content type, target, signature, types, constraints) is the services' own; recorded cases rely on it.
 */
import { randomBytes, randomUUID } from "node:crypto";
import type { Clock } from "../../core/clock.js";
import type { Credential } from "../../core/credential.js";
import { isPenstockError } from "../../core/errors.js";
import { MIB } from "../../core/limits.js";
import { type BodyBudget, readBody } from "../http/body.js";
import { hostGuard } from "../http/host-guard.js";
import { listenError } from "../http/listen-error.js";
import {
  type HttpLimits,
  type HttpListener,
  type HttpRequest,
  type HttpResponse,
  listenHttp,
} from "../http/listener.js";
import { splitVirtualHost } from "../http/virtual-host.js";
import { AwsError, internalFailure } from "./aws-error.js";
import { sendEvents } from "./event-stream.js";
import type { HttpService } from "./http-service.js";
import { type Answer, type AwsService, type Call, EventStream, ReadyJson } from "./service.js";
import { type SignatureCheck, signatureCheck } from "./signature.js";
import { CBOR_TYPE, contentTypeOf, encodeBody, JSON_TYPE, parseBody, type Wire } from "./wire.js";

export interface AwsListenerOptions {
  readonly services: readonly AwsService[];
  /** S3. Without it, what is no operation on a JSON body is refused. */
  readonly httpService?: HttpService;
  readonly clock: Clock;
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Empty: signatures must be there and well-formed, and are not verified. */
  readonly credentials?: readonly Credential[];
  /** Names, lower case, that requests may use as Host besides loopback and the address listened on. */
  readonly allowedHosts?: readonly string[];
  /** The largest body of one request; default 24 MiB, which holds a PutRecords of 10 MiB in base64. */
  readonly bodyBytesMax?: number;
  /** What all bodies under way may hold together; default 256 MiB. */
  readonly bodiesBytesMax?: number;
  readonly httpLimits?: Partial<HttpLimits>;
  readonly log?: AwsListenerLog;
  /** Called once for each answered operation. */
  readonly observe?: (observed: ObservedCall) => void;
}

export interface AwsListenerLog {
  error(message: string, error: unknown): void;
}

export interface ObservedCall {
  readonly service: string;
  readonly operation: string;
  readonly status: number;
  readonly latencyMs: number;
  readonly requestBytes: number;
}

const BODY_BYTES_MAX = 24 * MIB;
const BODIES_BYTES_MAX = 256 * MIB;
const REQUEST_TIMEOUT_MS = 120_000;
/** The old JSON form, which the services still read and then refuse in its own wrapping. */
const OLD_JSON_TYPE = "application/json";
const EXPOSED_HEADERS = "x-amzn-RequestId,x-amzn-ErrorType,x-amz-request-id,x-amz-id-2,x-amzn-ErrorMessage,Date";
const PREFLIGHT_SECONDS = "172800";
/** The services' x-amz-id-2 is base64 of so many bytes. */
const EXTENDED_ID_BYTES = 72;

export function awsListener(options: AwsListenerOptions): Promise<HttpListener> {
  const log = options.log ?? { error: () => undefined };
  const door: Door = {
    services: new Map(options.services.map((service) => [service.target, service])),
    httpService: options.httpService,
    allowedHosts: options.allowedHosts ?? [],
    requestTimeoutMs: options.httpLimits?.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
    guard: hostGuard({ host: options.host, allowedHosts: options.allowedHosts ?? [] }),
    checkSignature: signatureCheck(options.credentials ?? [], () => options.clock.now()),
    budget: {
      bodyBytesMax: options.bodyBytesMax ?? BODY_BYTES_MAX,
      totalBytesMax: options.bodiesBytesMax ?? BODIES_BYTES_MAX,
      heldBytes: 0,
    },
    clock: options.clock,
    log,
    observe: options.observe,
  };
  return listenHttp({
    host: options.host,
    port: options.port,
    log: (message, error) => log.error(message, error),
    // An object may take longer to come than any request of the others: there, standing still is what ends it.
    limits: { ...options.httpLimits, ...(options.httpService === undefined ? {} : { requestTimeoutMs: 0 }) },
    handle: (request, response) => {
      serve(door, request, response).catch((error) => {
        log.error("a request could not be answered", error);
        response.destroy(error instanceof Error ? error : undefined);
      });
    },
  }).catch((error: unknown) => {
    throw listenError(error, { name: "AWS", flag: "--aws-port", host: options.host, port: options.port });
  });
}

interface Door {
  readonly services: ReadonlyMap<string, AwsService>;
  readonly httpService: HttpService | undefined;
  readonly allowedHosts: readonly string[];
  readonly requestTimeoutMs: number;
  readonly guard: ReturnType<typeof hostGuard>;
  readonly checkSignature: SignatureCheck;
  readonly budget: BodyBudget;
  readonly clock: Clock;
  readonly log: AwsListenerLog;
  readonly observe: ((observed: ObservedCall) => void) | undefined;
}

type Headers = Record<string, string>;

async function serve(door: Door, request: HttpRequest, response: HttpResponse): Promise<void> {
  response.on("error", () => undefined);
  const named = header(request, ":authority") ?? header(request, "host");
  const { label, host } =
    door.httpService === undefined ? { label: undefined, host: named } : splitVirtualHost(named, door.allowedHosts);
  const origin = header(request, "origin");
  const refusal = door.guard.refusal({ host, origin });
  if (refusal !== undefined) {
    request.resume();
    return send(response, 403, {}, xmlError("AccessDeniedException", refusal));
  }
  if (door.httpService !== undefined && isForHttpService(request, label)) {
    const startedMs = door.clock.monotonic();
    const corsHeaders: Headers = {};
    if (origin !== undefined) {
      corsHeaders["Access-Control-Allow-Origin"] = "*";
      corsHeaders["Access-Control-Expose-Headers"] = `${EXPOSED_HEADERS},ETag,x-amz-meta-*,x-amz-checksum-*`;
    }
    const served = await door.httpService.serve({ request, response, corsHeaders, virtualHost: label });
    door.observe?.({ ...served, latencyMs: door.clock.monotonic() - startedMs });
    return;
  }
  const timer = setTimeout(() => request.destroy(), door.requestTimeoutMs);
  const read = await readBody(request, door.budget);
  clearTimeout(timer);
  if (read.kind === "gone") return;
  if (read.kind !== "whole") {
    const [status, type] =
      read.kind === "too-large" ? [413, "RequestEntityTooLargeException"] : [503, "ServiceUnavailableException"];
    return send(response, status, { connection: "close" }, `<${type}/>\n`);
  }
  try {
    await serveWhole(door, request, response, read.body, origin);
  } finally {
    read.release();
  }
}

function isForHttpService(request: HttpRequest, label: string | undefined): boolean {
  if (header(request, "x-amz-target") !== undefined || request.method === "OPTIONS") return false;
  return request.method !== "POST" || label !== undefined || request.url?.split("?", 1)[0] !== "/";
}

async function serveWhole(
  door: Door,
  request: HttpRequest,
  response: HttpResponse,
  body: Buffer,
  origin: string | undefined,
): Promise<void> {
  const requestId = randomUUID();
  const headers: Headers = { "x-amzn-RequestId": requestId };
  if (origin !== undefined) {
    headers["Access-Control-Allow-Origin"] = "*";
    if (request.method === "OPTIONS") return send(response, 200, preflight(request, headers), "");
    headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS;
  }
  headers["x-amz-id-2"] = randomBytes(EXTENDED_ID_BYTES).toString("base64");
  const denied = xmlError("AccessDeniedException", "Unable to determine service/operation name to be authorized");
  if (request.method !== "POST") return send(response, 403, headers, denied);

  const contentType = (header(request, "content-type") ?? "").split(";")[0]!.trim();
  const [target = "", name = ""] = (header(request, "x-amz-target") ?? "").split(".");
  const service = door.services.get(target);
  const operation = service?.operations.get(name);
  const wire: Wire = contentType === JSON_TYPE || (body.length > 0 && contentType === OLD_JSON_TYPE) ? "json" : "cbor";
  const answerError = (error: AwsError) => {
    headers["Content-Type"] = contentTypeOf(wire);
    send(response, error.status, headers, encodeBody(wire, error.body));
  };

  if (body.length === 0) {
    return answerError(
      new AwsError(operation === undefined ? "UnknownOperationException" : "SerializationException", undefined),
    );
  }
  if (contentType !== JSON_TYPE && contentType !== CBOR_TYPE && contentType !== OLD_JSON_TYPE) {
    if (target === "" || name === "") return send(response, 403, headers, denied);
    return send(response, 404, headers, "<UnknownOperationException/>\n");
  }
  // The common PutRecords is not parsed at all.
  const scanned = contentType === JSON_TYPE ? operation?.scan?.(body) : undefined;
  const raw = scanned === undefined ? parseBody(wire, body) : undefined;
  const parsed = scanned !== undefined || (typeof raw === "object" && raw !== null);
  if (contentType === OLD_JSON_TYPE) {
    const [status, type] = parsed ? [404, "UnknownOperationException"] : [400, "SerializationException"];
    headers["Content-Type"] = OLD_JSON_TYPE;
    const wrapped = { Output: { __type: `com.amazon.coral.service#${type}` }, Version: "1.0" };
    return send(response, status, headers, JSON.stringify(wrapped));
  }
  if (!parsed) return answerError(new AwsError("SerializationException", undefined));
  if (service === undefined || operation === undefined) {
    return answerError(new AwsError("UnknownOperationException", undefined));
  }

  const startedMs = door.clock.monotonic();
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  let status = 200;
  try {
    const caller = await door.checkSignature(signedRequest(request, body), service.signingName);
    const call: Call = {
      operation: name,
      wire,
      requestId,
      ...(caller === undefined ? {} : { caller }),
      signal: gone.signal,
    };
    const answer = await (scanned === undefined ? operation.run(raw as object, call) : scanned(call));
    await sendAnswer(response, headers, wire, answer, call);
  } catch (error) {
    const known = awsErrorOf(error, door.log, `${target}.${name}`, requestId);
    status = known.status;
    if (response.headersSent) response.destroy(error instanceof Error ? error : undefined);
    else answerError(known);
  }
  door.observe?.({
    service: service.signingName,
    operation: name,
    status,
    latencyMs: door.clock.monotonic() - startedMs,
    requestBytes: body.length,
  });
}

async function sendAnswer(
  response: HttpResponse,
  headers: Headers,
  wire: Wire,
  answer: Answer,
  call: Call,
): Promise<void> {
  if (answer instanceof EventStream) return sendEvents(response, headers, wire, answer, call.signal);
  headers["Content-Type"] = contentTypeOf(wire);
  if (answer === undefined) send(response, 200, headers, "");
  else send(response, 200, headers, answer instanceof ReadyJson ? answer.body : encodeBody(wire, answer));
}

/** Errors from below reach the caller in the service's terms; anything unforeseen is ours, and is logged. */
function awsErrorOf(error: unknown, log: AwsListenerLog, operation: string, requestId: string): AwsError {
  if (error instanceof AwsError) return error;
  if (isPenstockError(error, "unavailable")) return new AwsError("ServiceUnavailableException", error.message, 503);
  log.error(`${operation} (request ${requestId}) failed`, error);
  return internalFailure();
}

function signedRequest(request: HttpRequest, body: Uint8Array) {
  const url = request.url ?? "/";
  const mark = url.indexOf("?");
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    headers[name] = Array.isArray(value) ? value.join(",") : value;
  }
  return {
    method: request.method ?? "POST",
    path: mark < 0 ? url : url.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? "" : url.slice(mark + 1)),
    headers,
    body,
  };
}

function preflight(request: HttpRequest, headers: Headers): Headers {
  const asked = header(request, "access-control-request-headers");
  const method = header(request, "access-control-request-method");
  if (asked !== undefined) headers["Access-Control-Allow-Headers"] = asked;
  if (method !== undefined) headers["Access-Control-Allow-Methods"] = method;
  headers["Access-Control-Max-Age"] = PREFLIGHT_SECONDS;
  return headers;
}

function header(request: HttpRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(",") : value;
}

function xmlError(type: string, message: string): string {
  const text = message.replace(/[<>&]/g, (c) => `&#${c.charCodeAt(0)};`);
  return `<${type}>\n  <Message>${text}</Message>\n</${type}>\n`;
}

function send(response: HttpResponse, status: number, headers: Headers, body: string | Uint8Array): void {
  if (response.destroyed || response.writableEnded) return;
  headers["Content-Length"] = String(typeof body === "string" ? Buffer.byteLength(body) : body.length);
  // Both kinds of response take this form; their types have no common signature.
  (response as { writeHead(status: number, headers: Headers): unknown }).writeHead(status, headers);
  (response as { end(body: string | Uint8Array): unknown }).end(body);
}
