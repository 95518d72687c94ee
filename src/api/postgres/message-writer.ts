/**
 * Messages to a client, gathered in buffers that are used again and handed to the socket when they are full or when the client waits for them.
 * Whoever sends many rows awaits `drain` between bursts, and asks for more only when the socket has taken what it was given.
 */
import type { Writable } from "node:stream";
import { KIB } from "../../core/limits.js";
import { SQL_STATE, SqlError } from "../../redshift/sql-error.js";

/** For the short answers of most statements: hundreds of idle connections hold one each. */
const SMALL_BYTES = 2 * KIB;
/** While rows are sent. */
const LARGE_BYTES = 128 * KIB;
/** Large buffers kept for the next burst: one is filled while the socket has the other. */
const KEPT_MAX = 2;
/** Bytes gathered before the socket is asked to take them; a burst's last row still has room in its buffer, mostly. */
const BURST_BYTES = LARGE_BYTES - 8 * KIB;
/** Up to this length a loop over the characters beats the call into the engine's own encoder. */
const LOOP_CHARS_MAX = 48;

export interface MessageWriter {
  /** Begins a message; what follows, up to `end`, is its body. One that was begun and not ended is dropped. */
  begin(type: string): MessageWriter;
  end(): void;
  int16(value: number): MessageWriter;
  int32(value: number): MessageWriter;
  int64(value: bigint): MessageWriter;
  /** The same of a whole number that a double holds exactly. */
  int64OfNumber(value: number): MessageWriter;
  float32(value: number): MessageWriter;
  float64(value: number): MessageWriter;
  byte(value: number): MessageWriter;
  bytes(value: Uint8Array): MessageWriter;
  /** Ended by a zero. */
  text(value: string): MessageWriter;
  /** As a value is sent: its length in bytes, then it. */
  sized(value: string): MessageWriter;
  /** The same of a whole number's digits; within what a double holds exactly. */
  sizedInteger(value: number): MessageWriter;
  /** A length to be filled in when its bytes are known. */
  reserveLength(): number;
  fillLength(place: number): void;
  /** Hands everything to the socket. */
  flush(): void;
  /** Whether so much is gathered that it is time to `flush` and `drain`. */
  readonly full: boolean;
  /** Resolves when the socket takes more, mostly at once. Rejects with 08006 when the client is gone. */
  drain(): Promise<void>;
}

export function messageWriter(socket: Writable): MessageWriter {
  let buffer: Buffer = Buffer.allocUnsafe(SMALL_BYTES);
  let kept: Buffer[] = [];
  let at = 0;
  /** Of the message that is being written: its type's place; -1 for none. */
  let begun = -1;
  let waiting = false;

  const room = (bytes: number) => {
    if (at + bytes > buffer.length) grow(bytes);
  };
  function grow(bytes: number): void {
    const wanted = at + bytes;
    const larger = wanted <= LARGE_BYTES ? (kept.pop() ?? Buffer.allocUnsafe(LARGE_BYTES)) : allocate(wanted);
    buffer.copy(larger, 0, 0, at);
    buffer = larger;
  }
  const allocate = (bytes: number) => Buffer.allocUnsafe(Math.max(bytes, buffer.length * 2));
  const putInt32 = (value: number, place: number) => {
    buffer[place] = value >>> 24;
    buffer[place + 1] = value >>> 16;
    buffer[place + 2] = value >>> 8;
    buffer[place + 3] = value;
  };
  /** Nine digits at most. */
  const putDigits = (value: number, digits: number, place: number) => {
    let rest = value;
    for (let index = place + digits - 1; index >= place; index--) {
      const tenth = (rest / 10) | 0;
      buffer[index] = 48 + rest - tenth * 10;
      rest = tenth;
    }
  };

  const writer: MessageWriter = {
    begin(type) {
      if (begun >= 0) at = begun;
      room(5);
      begun = at;
      buffer[at] = type.charCodeAt(0);
      at += 5;
      return writer;
    },
    end() {
      putInt32(at - begun - 1, begun + 1);
      begun = -1;
    },
    int16(value) {
      room(2);
      buffer[at++] = value >>> 8;
      buffer[at++] = value;
      return writer;
    },
    int32(value) {
      room(4);
      putInt32(value, at);
      at += 4;
      return writer;
    },
    int64(value) {
      room(8);
      at = buffer.writeBigInt64BE(value, at);
      return writer;
    },
    int64OfNumber(value) {
      const high = Math.floor(value / 4_294_967_296);
      room(8);
      putInt32(high, at);
      putInt32(value - high * 4_294_967_296, at + 4);
      at += 8;
      return writer;
    },
    float32(value) {
      room(4);
      at = buffer.writeFloatBE(value, at);
      return writer;
    },
    float64(value) {
      room(8);
      at = buffer.writeDoubleBE(value, at);
      return writer;
    },
    byte(value) {
      room(1);
      buffer[at++] = value;
      return writer;
    },
    bytes(value) {
      room(value.length);
      buffer.set(value, at);
      at += value.length;
      return writer;
    },
    text(value) {
      // Three bytes hold any UTF-16 unit.
      room(value.length * 3 + 1);
      at += buffer.write(value, at);
      buffer[at++] = 0;
      return writer;
    },
    sized(value) {
      const { length } = value;
      room(length * 3 + 4);
      const from = at + 4;
      let index = 0;
      if (length <= LOOP_CHARS_MAX) {
        for (; index < length; index++) {
          const code = value.charCodeAt(index);
          if (code > 127) break;
          buffer[from + index] = code;
        }
      }
      const written = index === length ? length : buffer.write(value, from);
      putInt32(written, at);
      at = from + written;
      return writer;
    },
    sizedInteger(value) {
      room(24);
      const from = at;
      at += 4;
      let rest = value;
      if (rest < 0) {
        buffer[at++] = 45;
        rest = -rest;
      }
      let low = rest;
      if (rest >= 1e9) {
        const high = Math.floor(rest / 1e9);
        const digits = digitsOf(high);
        putDigits(high, digits, at);
        at += digits;
        low = rest - high * 1e9;
      }
      const digits = rest >= 1e9 ? 9 : digitsOf(low);
      putDigits(low, digits, at);
      at += digits;
      putInt32(at - from - 4, from);
      return writer;
    },
    reserveLength() {
      room(4);
      at += 4;
      return at - 4;
    },
    fillLength(place) {
      putInt32(at - place - 4, place);
    },
    flush() {
      if (begun >= 0) at = begun;
      begun = -1;
      if (at === 0) return;
      const given = buffer;
      const bytes = at;
      if (bytes < SMALL_BYTES) kept = [];
      buffer = bytes < SMALL_BYTES ? Buffer.allocUnsafe(SMALL_BYTES) : (kept.pop() ?? Buffer.allocUnsafe(LARGE_BYTES));
      at = 0;
      if (socket.destroyed || socket.writableEnded) return;
      const more = socket.write(given.subarray(0, bytes), (error) => {
        if (!error && given.length === LARGE_BYTES && kept.length < KEPT_MAX) kept.push(given);
      });
      waiting ||= !more;
    },
    get full() {
      return at >= BURST_BYTES;
    },
    async drain() {
      if (waiting && socket.writableNeedDrain && !socket.destroyed) await roomInSocket(socket);
      waiting = false;
      if (socket.destroyed)
        throw new SqlError(SQL_STATE.connectionFailure, "the client is gone", { severity: "FATAL" });
    },
  };
  return writer;
}

function roomInSocket(socket: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off("drain", done);
      socket.off("close", done);
      resolve();
    };
    socket.on("drain", done);
    socket.on("close", done);
  });
}

/** Of a whole number from 0 to 999,999,999. */
function digitsOf(value: number): number {
  if (value < 1e5) {
    if (value < 100) return value < 10 ? 1 : 2;
    return value < 1000 ? 3 : value < 1e4 ? 4 : 5;
  }
  if (value < 1e7) return value < 1e6 ? 6 : 7;
  return value < 1e8 ? 8 : 9;
}
