/**
 * Messages from a client: `<type> <length, 4 bytes, itself included> <body>`; those of the start have no type. Bytes are taken from the socket
 * as they are read here, so a client that sends faster than it is served waits.
 */
import type { Duplex } from "node:stream";
import { MIB } from "../../core/limits.js";
import { SQL_STATE, SqlError } from "../../redshift/sql-error.js";

/** A statement of 16 MiB with room for its frame; PostgreSQL itself would take a GiB. */
const MESSAGE_BYTES_MAX = 17 * MIB;
/** Nothing said before authentication is longer. */
const STARTUP_BYTES_MAX = 10_000;

export interface Message {
  /** Its letter; "" for one of the start. */
  readonly type: string;
  readonly body: Buffer;
}

export interface MessageReader {
  /** Undefined when the client is gone. Rejects with SqlError 08P01 for what is no message. */
  next(): Promise<Message | undefined>;
  /** One without a type, as a connection begins with. */
  nextStartup(): Promise<Message | undefined>;
  /** What was read and belongs to no message yet: for handing the socket on to TLS, nothing may be left. */
  readonly buffered: number;
}

export function messageReader(socket: Duplex): MessageReader {
  let buffer: Buffer = Buffer.alloc(0);
  let ended = false;
  let wake = () => {};
  socket.on("readable", () => wake());
  for (const event of ["end", "close", "error"]) {
    socket.on(event, () => {
      ended = true;
      wake();
    });
  }

  /** Until `bytes` are there; false when they never will be. */
  async function fill(bytes: number): Promise<boolean> {
    const chunks: Buffer[] = [buffer];
    let length = buffer.length;
    while (length < bytes) {
      const chunk = socket.read() as Buffer | null;
      if (chunk !== null) {
        chunks.push(chunk);
        length += chunk.length;
      } else if (ended) {
        buffer = Buffer.concat(chunks);
        return false;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (socket.readableLength > 0 || ended) resolve();
        });
      }
    }
    if (chunks.length > 1) buffer = Buffer.concat(chunks);
    return true;
  }

  async function read(typed: boolean): Promise<Message | undefined> {
    const head = typed ? 5 : 4;
    if (!(await fill(head))) return undefined;
    const length = buffer.readInt32BE(head - 4);
    const most = typed ? MESSAGE_BYTES_MAX : STARTUP_BYTES_MAX;
    if (length < 4 || length > most) {
      throw new SqlError(SQL_STATE.protocolViolation, `invalid message length: ${length}`, {
        severity: "FATAL",
        hint: `A message has from 4 to ${most} bytes.`,
      });
    }
    const total = head - 4 + length;
    if (!(await fill(total))) return undefined;
    const message = { type: typed ? String.fromCharCode(buffer[0]!) : "", body: buffer.subarray(head, total) };
    buffer = buffer.subarray(total);
    return message;
  }

  return {
    next: () => read(true),
    nextStartup: () => read(false),
    get buffered() {
      return buffer.length;
    },
  };
}

/** Takes a message's body apart, from the front. */
export interface BodyReader {
  int16(): number;
  int32(): number;
  byte(): number;
  /** Up to the next zero. */
  text(): string;
  bytes(count: number): Buffer;
  rest(): Buffer;
  readonly left: number;
}

export function bodyReader(body: Buffer): BodyReader {
  let at = 0;
  const need = (bytes: number) => {
    if (at + bytes > body.length) throw malformed();
  };
  return {
    int16: () => {
      need(2);
      at += 2;
      return body.readInt16BE(at - 2);
    },
    int32: () => {
      need(4);
      at += 4;
      return body.readInt32BE(at - 4);
    },
    byte: () => {
      need(1);
      return body[at++]!;
    },
    text: () => {
      const end = body.indexOf(0, at);
      if (end === -1) throw malformed();
      const text = body.toString("utf8", at, end);
      at = end + 1;
      return text;
    },
    bytes: (count) => {
      need(count);
      at += count;
      return body.subarray(at - count, at);
    },
    rest: () => {
      const rest = body.subarray(at);
      at = body.length;
      return rest;
    },
    get left() {
      return body.length - at;
    },
  };
}

function malformed(): SqlError {
  return new SqlError(SQL_STATE.protocolViolation, "insufficient data left in message");
}
