import { connect, type Socket } from "node:net";

export interface RawAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** One keep-alive HTTP/1.1 connection that sends finished bytes and takes answers apart, and does nothing else. */
export interface RawConnection {
  /** One at a time. Rejects when the connection ends before the answer is whole. */
  send(request: Uint8Array): Promise<RawAnswer>;
  close(): void;
}

const HEAD_END = Buffer.from("\r\n\r\n");

export async function openConnection(port: number, host = "127.0.0.1"): Promise<RawConnection> {
  const socket = await new Promise<Socket>((resolve, reject) => {
    const opened = connect({ port, host, noDelay: true }, () => resolve(opened));
    opened.once("error", reject);
  });
  let waiting: { resolve: (answer: RawAnswer) => void; reject: (error: Error) => void } | undefined;
  let ended: Error | undefined;
  let chunks: Buffer[] = [];
  let received = 0;
  let head: { readonly status: number; readonly bodyAt: number; readonly length: number | undefined } | undefined;

  const end = (error: Error) => {
    ended ??= error;
    waiting?.reject(ended);
    waiting = undefined;
  };
  socket.on("error", end);
  socket.on("close", () => end(new Error("The connection was closed.")));
  socket.on("data", (chunk) => {
    chunks.push(chunk);
    received += chunk.length;
    if (head === undefined) {
      const all = Buffer.concat(chunks);
      chunks = [all];
      head = parseHead(all);
      if (head === undefined) return;
    }
    if (head.length === undefined) {
      const all = Buffer.concat(chunks);
      chunks = [all];
      const body = unchunked(all, head.bodyAt);
      if (body !== undefined) answer(head.status, body);
    } else if (received >= head.bodyAt + head.length) {
      const all = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
      answer(head.status, all.subarray(head.bodyAt, head.bodyAt + head.length));
    }
  });

  function answer(status: number, body: Buffer): void {
    chunks = [];
    received = 0;
    head = undefined;
    const { resolve } = waiting!;
    waiting = undefined;
    resolve({ status, body });
  }

  return {
    send: (request) =>
      new Promise((resolve, reject) => {
        if (ended !== undefined) {
          reject(ended);
          return;
        }
        waiting = { resolve, reject };
        socket.write(request);
      }),
    close: () => socket.destroy(),
  };
}

function parseHead(bytes: Buffer) {
  const end = bytes.indexOf(HEAD_END);
  if (end === -1) return undefined;
  const text = bytes.toString("latin1", 0, end);
  const length = /^content-length:\s*(\d+)/im.exec(text)?.[1];
  return {
    status: Number(text.slice(9, 12)),
    bodyAt: end + HEAD_END.length,
    length: length === undefined ? undefined : Number(length),
  };
}

/** The body of a chunked answer; undefined until all of it is there. */
function unchunked(bytes: Buffer, bodyAt: number): Buffer | undefined {
  const parts: Buffer[] = [];
  for (let at = bodyAt; ; ) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd === -1) return undefined;
    const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (next > bytes.length) return undefined;
    if (size === 0) return Buffer.concat(parts);
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = next;
  }
}

/** A request to a Kinesis endpoint, as an SDK would send it (but that nobody checks the signature on loopback). */
export function kinesisRequest(port: number, operation: string, body: string, target = "Kinesis_20131202"): Buffer {
  const payload = Buffer.from(body);
  const head = [
    "POST / HTTP/1.1",
    `Host: 127.0.0.1:${port}`,
    "Content-Type: application/x-amz-json-1.1",
    `X-Amz-Target: ${target}.${operation}`,
    "X-Amz-Date: 20260101T000000Z",
    `Authorization: AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/kinesis/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=${"0".repeat(64)}`,
    `Content-Length: ${payload.length}`,
    "",
    "",
  ];
  return Buffer.concat([Buffer.from(head.join("\r\n")), payload]);
}

/** One call on a connection of its own; throws when it is refused. */
export async function callKinesis<T>(port: number, operation: string, input: unknown): Promise<T> {
  const connection = await openConnection(port);
  try {
    const { status, body } = await connection.send(kinesisRequest(port, operation, JSON.stringify(input)));
    const text = body.toString();
    if (status !== 200) throw new Error(`${operation} answered ${status}: ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  } finally {
    connection.close();
  }
}
