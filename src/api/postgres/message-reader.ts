/**
 * Messages from a client: `<type> <length, 4 bytes, itself included> <body>`; those of the start have no type. While nobody asks for a message
 * only a little is read ahead, so a client that sends faster than it is served waits, and one that leaves is noticed all the same.
 */
import { isUtf8 } from "node:buffer";
import type { Duplex } from "node:stream";
import { KIB, MIB } from "../../core/limits.js";
import { fatal, isSqlError, SQL_STATE, SqlError } from "../../redshift/sql-error.js";
import type { HeldBytes } from "./held-bytes.js";

/** A statement of 16 MiB (Redshift's own limit) with room for its frame. */
export const MESSAGE_BYTES_MAX = 17 * MIB;
/** Nothing said before authentication is longer; PostgreSQL draws the same line. */
export const STARTUP_BYTES_MAX = 10_000;
/** Taken from the socket without being asked for. */
const READ_AHEAD_BYTES = 64 * KIB;

export interface Message {
  /** Its letter; "" for one of the start. */
  readonly type: string;
  readonly body: Buffer;
}

export interface MessageReader {
  /** Undefined when the client is gone. Rejects with SqlError 08P01 for what is no message, or one of more than `bytesMax`. One at a time. */
  next(bytesMax?: number): Promise<Message | undefined>;
  /** One without a type, as a connection begins with. */
  nextStartup(): Promise<Message | undefined>;
  /** A read that was begun and is not waited for any more: what it comes to is the next message. */
  giveBack(reading: Promise<Message | undefined>): void;
  /** Bytes that were read and belong to no message yet: for handing the socket on to TLS, none may be left. */
  readonly buffered: number;
  /** Reads no more from the socket, so that another may. */
  detach(): void;
}

/** Messages up to this length are not counted: they are a connection's usual ones. */
const SHORT_BYTES = 64 * KIB;

/** `held` counts the long messages that are on their way or being worked on. */
export function messageReader(socket: Duplex, held?: HeldBytes): MessageReader {
  let counted = 0;
  /** Read and not cut into messages yet. */
  let chunks: Buffer[] = [];
  let length = 0;
  let ended = socket.readableEnded || socket.destroyed;
  let wake: (() => void) | undefined;
  let given: Promise<Message | undefined> | undefined;

  // Also while a statement runs: a socket that nobody reads from never tells that the other side is gone.
  const take = () => {
    while (wake !== undefined || length < READ_AHEAD_BYTES) {
      const chunk = socket.read() as Buffer | null;
      if (chunk === null) break;
      chunks.push(chunk);
      length += chunk.length;
      wake?.();
    }
  };
  const end = () => {
    ended = true;
    wake?.();
  };
  socket.on("readable", take);
  for (const event of ["end", "close", "error"]) socket.on(event, end);

  /** Until `bytes` are there; false when they never will be. */
  async function fill(bytes: number): Promise<boolean> {
    while (length < bytes) {
      if (ended) return false;
      const more = new Promise<void>((resolve) => {
        wake = resolve;
      });
      take();
      await more;
      wake = undefined;
    }
    return true;
  }

  function whole(): Buffer {
    if (chunks.length > 1) chunks = [Buffer.concat(chunks, length)];
    return chunks[0]!;
  }

  async function read(typed: boolean, bytesMax: number): Promise<Message | undefined> {
    const head = typed ? 5 : 4;
    held?.give(counted);
    counted = 0;
    if (!(await fill(head))) return undefined;
    const told = whole().readInt32BE(head - 4);
    if (told < 4 || told > bytesMax) {
      throw new SqlError(SQL_STATE.protocolViolation, `invalid message length: ${told}`, {
        severity: "FATAL",
        hint: `A message has from 4 to ${bytesMax} bytes here.`,
      });
    }
    if (held !== undefined && told > SHORT_BYTES) {
      try {
        held.take(told);
        counted = told;
      } catch (error) {
        // What follows cannot be told from a message any more, unless it is read.
        throw isSqlError(error) ? fatal(error) : error;
      }
    }
    const total = head - 4 + told;
    if (!(await fill(total))) return undefined;
    const bytes = whole();
    chunks = bytes.length === total ? [] : [bytes.subarray(total)];
    length -= total;
    return { type: typed ? String.fromCharCode(bytes[0]!) : "", body: bytes.subarray(head, total) };
  }

  return {
    next(bytesMax = MESSAGE_BYTES_MAX) {
      const reading = given ?? read(true, bytesMax);
      given = undefined;
      return reading;
    },
    nextStartup: () => read(false, STARTUP_BYTES_MAX),
    giveBack(reading) {
      // It may fail before anybody asks for it.
      reading.catch(() => undefined);
      given = reading;
    },
    get buffered() {
      return length;
    },
    detach() {
      socket.off("readable", take);
      for (const event of ["end", "close", "error"]) socket.off(event, end);
    },
  };
}

/** Takes a message's body apart, from the front. */
export interface BodyReader {
  int16(): number;
  /** Of a list's items: two bytes without a sign. */
  count(): number;
  int32(): number;
  byte(): number;
  /** Up to the next zero. */
  text(): string;
  bytes(count: number): Buffer;
}

export function bodyReader(body: Buffer): BodyReader {
  let at = 0;
  const need = (bytes: number) => {
    if (bytes < 0 || at + bytes > body.length) throw malformed("insufficient data left in message");
  };
  const reader: BodyReader = {
    int16: () => {
      need(2);
      at += 2;
      return body.readInt16BE(at - 2);
    },
    count: () => reader.int16() & 0xffff,
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
      if (end === -1) throw malformed("invalid string in message");
      const bytes = body.subarray(at, end);
      if (!isUtf8(bytes)) throw new SqlError("22021", 'invalid byte sequence for encoding "UTF8"');
      at = end + 1;
      return bytes.toString();
    },
    bytes: (count) => {
      need(count);
      at += count;
      return body.subarray(at - count, at);
    },
  };
  return reader;
}

function malformed(message: string): SqlError {
  return new SqlError(SQL_STATE.protocolViolation, message);
}
