/** As little of PostgreSQL's protocol as a benchmark needs: simple queries, rows as texts. For Penstock and for PostgreSQL alike. */
import { connect, type Socket } from "node:net";

export interface WireClient {
  /** Rows of the last statement. With `count`, how many there were, and none is kept. */
  query(sql: string, how?: { readonly count?: boolean }): Promise<WireAnswer>;
  close(): void;
}

export interface WireAnswer {
  readonly rows: readonly (readonly (string | null)[])[];
  readonly rowCount: number;
  readonly bytes: number;
}

export interface WireOptions {
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly host?: string;
}

interface Waiting {
  readonly resolve: (answer: WireAnswer) => void;
  readonly reject: (error: Error) => void;
  readonly count: boolean;
  rows: (string | null)[][];
  rowCount: number;
  bytes: number;
  error: Error | undefined;
}

const PROTOCOL_3 = 196_608;
const HEAD_BYTES = 5;

export async function wireClient({ port, user, database, host = "127.0.0.1" }: WireOptions): Promise<WireClient> {
  const socket = await new Promise<Socket>((resolve, reject) => {
    const opened = connect({ port, host, noDelay: true }, () => resolve(opened));
    opened.once("error", reject);
  });
  let rest: Buffer = Buffer.alloc(0);
  let waiting: Waiting | undefined;
  const begin = (count: boolean) =>
    new Promise<WireAnswer>((resolve, reject) => {
      waiting = { resolve, reject, count, rows: [], rowCount: 0, bytes: 0, error: undefined };
    });
  const end = (error: Error) => {
    waiting?.reject(waiting.error ?? error);
    waiting = undefined;
  };
  socket.on("error", end);
  socket.on("close", () => end(new Error("The server closed the connection.")));
  socket.on("data", (chunk: Buffer) => {
    const buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (buffer.length - at >= HEAD_BYTES) {
      const next = at + 1 + buffer.readInt32BE(at + 1);
      if (next > buffer.length) break;
      take(buffer[at]!, buffer, at + HEAD_BYTES, next);
      at = next;
    }
    rest = buffer.subarray(at);
  });

  function take(type: number, buffer: Buffer, from: number, to: number): void {
    if (waiting === undefined) return;
    switch (String.fromCharCode(type)) {
      case "T":
        waiting.rows = [];
        waiting.rowCount = 0;
        break;
      case "D":
        waiting.rowCount++;
        waiting.bytes += to - from;
        if (!waiting.count) waiting.rows.push(rowOf(buffer, from));
        break;
      case "E":
        waiting.error = errorOf(buffer.toString("utf8", from, to));
        break;
      case "R":
        if (buffer.readInt32BE(from) !== 0)
          waiting.error = new Error("The server wants a password, which a benchmark has not.");
        break;
      case "Z": {
        const { resolve, reject, error, rows, rowCount, bytes } = waiting;
        waiting = undefined;
        if (error === undefined) resolve({ rows, rowCount, bytes });
        else reject(error);
      }
    }
  }

  const started = begin(false);
  const words = Buffer.from(`user\0${user}\0database\0${database}\0application_name\0penstock bench\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + words.length, 0);
  head.writeInt32BE(PROTOCOL_3, 4);
  socket.write(Buffer.concat([head, words]));
  await started;

  return {
    query(sql, { count = false } = {}) {
      const text = Buffer.from(`${sql}\0`);
      const start = Buffer.alloc(HEAD_BYTES);
      start.write("Q");
      start.writeInt32BE(4 + text.length, 1);
      const answer = begin(count);
      socket.write(Buffer.concat([start, text]));
      return answer;
    },
    close: () => socket.destroy(),
  };
}

function rowOf(buffer: Buffer, from: number): (string | null)[] {
  const row: (string | null)[] = [];
  let at = from + 2;
  for (let left = buffer.readInt16BE(from); left > 0; left--) {
    const length = buffer.readInt32BE(at);
    at += 4;
    row.push(length < 0 ? null : buffer.toString("utf8", at, at + length));
    at += Math.max(0, length);
  }
  return row;
}

function errorOf(body: string): Error {
  const field = (code: string) =>
    body
      .split("\0")
      .find((part) => part.startsWith(code))
      ?.slice(1);
  return new Error([field("M"), field("D"), field("H")].filter((part) => part !== undefined).join(" "));
}
