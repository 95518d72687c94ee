/**
 * One TCP port for HTTP/1.1 and for HTTP/2 in clear text with prior knowledge (h2c): the JavaScript SDK's Kinesis client speaks
 * the latter, nearly everyone else the former. The first bytes of a connection tell them apart.
 *
 * The HTTP/1 server owns the port, so that its own time limits for headers and requests hold. A connection that opens with HTTP/2's
 * preface goes to an inner HTTP/2 server instead, behind a Duplex: a raw socket handed over after bytes were read from it would lose
 * them, since HTTP/2 reads from the handle below.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import {
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { Duplex } from "node:stream";

export type HttpRequest = IncomingMessage | Http2ServerRequest;
export type HttpResponse = ServerResponse | Http2ServerResponse;

export interface HttpListenerOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Must not throw: what it rejects with is the process's own fault. */
  readonly handle: (request: HttpRequest, response: HttpResponse) => void;
  readonly log?: (message: string, error: unknown) => void;
  readonly limits?: Partial<HttpLimits>;
}

export interface HttpLimits {
  /** From the connection's start to its first byte, and for a request's headers. */
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly connectionsMax: number;
}

const LIMITS: HttpLimits = {
  headersTimeoutMs: 20_000,
  requestTimeoutMs: 120_000,
  // Longer than the SDKs keep an idle connection: whoever closes first on a busy one loses a request.
  keepAliveTimeoutMs: 75_000,
  connectionsMax: 4_096,
};

export interface HttpListener {
  readonly port: number;
  readonly url: string;
  /** Takes no more connections, lets running requests end for `graceMs`, then cuts the rest. */
  close(graceMs?: number): Promise<void>;
}

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");
/** Enough for a PutRecords of full size to come without waiting for window updates. */
const HTTP2_WINDOW_BYTES = 16 * 1024 * 1024;

export async function listenHttp(options: HttpListenerOptions): Promise<HttpListener> {
  const limits = { ...LIMITS, ...options.limits };
  const log = options.log ?? (() => undefined);
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();

  const http1 = createServer({ connectionsCheckingInterval: 5_000, noDelay: true }, options.handle);
  http1.headersTimeout = limits.headersTimeoutMs;
  http1.requestTimeout = limits.requestTimeoutMs;
  http1.keepAliveTimeout = limits.keepAliveTimeoutMs;
  http1.maxConnections = limits.connectionsMax;
  http1.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (error.code === "ECONNRESET" || !socket.writable) socket.destroy();
    else socket.end(refusalOf(error), () => socket.destroy());
  });

  const http2 = createHttp2Server(
    { settings: { initialWindowSize: HTTP2_WINDOW_BYTES, maxConcurrentStreams: 256 }, maxSessionMemory: 64 },
    options.handle,
  );
  const streamCounts = new WeakMap<ServerHttp2Session, number>();
  http2.on("session", (session) => {
    sessions.add(session);
    session.setLocalWindowSize(HTTP2_WINDOW_BYTES);
    session.setTimeout(limits.keepAliveTimeoutMs, () => {
      // A subscription may be silent for a while: only a session without streams is idle.
      if ((streamCounts.get(session) ?? 0) === 0) session.close();
    });
    session.on("close", () => sessions.delete(session));
    session.on("error", () => session.destroy());
  });
  http2.on("sessionError", (error) => log("an HTTP/2 connection failed", error));
  http2.on("stream", (stream) => {
    const session = stream.session as ServerHttp2Session;
    streamCounts.set(session, (streamCounts.get(session) ?? 0) + 1);
    stream.on("error", () => undefined);
    stream.on("close", () => streamCounts.set(session, (streamCounts.get(session) ?? 1) - 1));
  });

  const serveHttp1 = http1.listeners("connection") as ((socket: Socket) => void)[];
  http1.removeAllListeners("connection");
  http1.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    sniff(socket, limits.headersTimeoutMs, (first, isHttp2) => {
      if (isHttp2) {
        http2.emit("connection", joined(socket, first));
      } else {
        socket.unshift(first);
        for (const serve of serveHttp1) serve.call(http1, socket);
      }
    });
  });

  await new Promise<void>((resolve, reject) => {
    http1.once("error", reject);
    http1.listen(options.port, options.host, () => {
      http1.off("error", reject);
      http1.on("error", (error) => log("the listener failed", error));
      resolve();
    });
  });
  const { port } = http1.address() as AddressInfo;
  const shownHost = options.host.includes(":") ? `[${options.host}]` : options.host;
  return {
    port,
    url: `http://${shownHost}:${port}`,
    close: (graceMs = 2_000) => closeAll(http1, sockets, sessions, graceMs),
  };
}

function sniff(socket: Socket, timeoutMs: number, found: (first: Buffer, isHttp2: boolean) => void): void {
  let seen: Buffer = Buffer.alloc(0);
  const timer = setTimeout(() => socket.destroy(), timeoutMs);
  const onError = () => socket.destroy();
  const onReadable = () => {
    for (;;) {
      const chunk = socket.read() as Buffer | null;
      if (chunk === null) return;
      seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
      const compared = Math.min(seen.length, PREFACE.length);
      const same = seen.subarray(0, compared).equals(PREFACE.subarray(0, compared));
      if (same && compared < PREFACE.length) continue;
      done();
      found(seen, same);
      return;
    }
  };
  const done = () => {
    clearTimeout(timer);
    socket.off("readable", onReadable);
    socket.off("error", onError);
    socket.off("end", onEnd);
  };
  const onEnd = () => {
    clearTimeout(timer);
    socket.destroy();
  };
  socket.on("close", () => clearTimeout(timer));
  socket.on("readable", onReadable);
  socket.on("error", onError);
  socket.on("end", onEnd);
}

/** The socket, with what was read from it put back in front. */
function joined(socket: Socket, first: Buffer): Duplex {
  const duplex = new Duplex({
    read: () => {
      socket.resume();
    },
    write: (chunk: Buffer, _encoding, done) => {
      socket.write(chunk, done);
    },
    writev: (chunks, done) => {
      socket.write(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)), done);
    },
    final: (done) => {
      socket.end(done);
    },
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  duplex.push(first);
  socket.on("data", (chunk) => {
    if (!duplex.push(chunk)) socket.pause();
  });
  socket.on("end", () => duplex.push(null));
  socket.on("error", () => duplex.destroy());
  socket.on("close", () => duplex.destroy());
  return duplex;
}

function refusalOf(error: NodeJS.ErrnoException): string {
  const status =
    error.code === "HPE_HEADER_OVERFLOW"
      ? "431 Request Header Fields Too Large"
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? "408 Request Timeout"
        : "400 Bad Request";
  return `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
}

async function closeAll(
  server: Server,
  sockets: ReadonlySet<Socket>,
  sessions: ReadonlySet<ServerHttp2Session>,
  graceMs: number,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  for (const session of sessions) session.close();
  const timer = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, graceMs);
  await closed;
  clearTimeout(timer);
}
