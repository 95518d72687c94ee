/**
 * Messages to a client, gathered in one buffer that grows and is used again, and written to the socket when it is full or when the client waits
 * for them. `drain` resolves when the socket has taken what was written: whoever sends many rows awaits it between chunks.
 */
import type { Writable } from "node:stream";
import { KIB } from "../../core/limits.js";

const BUFFER_BYTES = 64 * KIB;

export interface MessageWriter {
  /** Begins a message; what follows, up to `end`, is its body. */
  begin(type: string): MessageWriter;
  end(): void;
  int16(value: number): MessageWriter;
  int32(value: number): MessageWriter;
  byte(value: number): MessageWriter;
  /** Ended by a zero. */
  text(value: string): MessageWriter;
  /** As a value is sent: its length in bytes, then it. */
  sized(value: string): MessageWriter;
  bytes(value: Uint8Array): MessageWriter;
  /** A length to be filled in when its bytes are known. */
  reserveLength(): number;
  fillLength(place: number): void;
  /** Hands everything to the socket. */
  flush(): void;
  /** Bytes gathered and not handed on. */
  readonly pending: number;
  /** Resolves at once unless the socket is full. */
  drain(): Promise<void>;
}

export function messageWriter(socket: Writable): MessageWriter {
  let buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  let at = 0;
  let start = 0;
  let full = false;

  const room = (bytes: number) => {
    if (at + bytes <= buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(buffer.length * 2, at + bytes));
    buffer.copy(larger, 0, 0, at);
    buffer = larger;
  };
  const writer: MessageWriter = {
    begin: (type) => {
      room(5);
      buffer[at] = type.charCodeAt(0);
      start = at + 1;
      at += 5;
      return writer;
    },
    end: () => {
      buffer.writeInt32BE(at - start, start);
    },
    int16: (value) => {
      room(2);
      at = buffer.writeInt16BE(value, at);
      return writer;
    },
    int32: (value) => {
      room(4);
      at = buffer.writeInt32BE(value, at);
      return writer;
    },
    byte: (value) => {
      room(1);
      buffer[at++] = value;
      return writer;
    },
    text: (value) => {
      // Three bytes hold any UTF-16 unit.
      room(value.length * 3 + 1);
      at += buffer.write(value, at);
      buffer[at++] = 0;
      return writer;
    },
    sized: (value) => {
      room(value.length * 3 + 4);
      const length = buffer.write(value, at + 4);
      buffer.writeInt32BE(length, at);
      at += 4 + length;
      return writer;
    },
    bytes: (value) => {
      room(value.length);
      buffer.set(value, at);
      at += value.length;
      return writer;
    },
    reserveLength: () => {
      room(4);
      at += 4;
      return at - 4;
    },
    fillLength: (place) => {
      buffer.writeInt32BE(at - place - 4, place);
    },
    flush: () => {
      if (at === 0) return;
      // The socket keeps what it is given until it is sent, so it gets a buffer of its own.
      const ready = buffer.subarray(0, at);
      buffer = Buffer.allocUnsafe(BUFFER_BYTES);
      at = 0;
      if (!socket.write(ready)) full = true;
    },
    get pending() {
      return at;
    },
    drain: async () => {
      if (!full || socket.destroyed) return;
      await new Promise<void>((resolve) => {
        const done = () => {
          socket.off("drain", done);
          socket.off("close", done);
          resolve();
        };
        socket.on("drain", done);
        socket.on("close", done);
        if (!socket.writableNeedDrain) done();
      });
      full = false;
    },
  };
  return writer;
}
