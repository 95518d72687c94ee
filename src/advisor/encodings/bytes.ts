/** Writing and reading bytes, little-endian. */

export interface ByteWriter {
  readonly length: number;
  u8(value: number): void;
  u16(value: number): void;
  /** Two's complement of that many bytes. */
  integer(value: bigint, width: number): void;
  /** Seven bits a byte, for counts and lengths. */
  varint(value: number): void;
  bytes(value: Uint8Array): void;
  take(): Uint8Array;
}

export function byteWriter(): ByteWriter {
  let buffer = new Uint8Array(1024);
  let length = 0;
  const room = (more: number) => {
    if (length + more <= buffer.length) return;
    const larger = new Uint8Array(Math.max(buffer.length * 2, length + more));
    larger.set(buffer.subarray(0, length));
    buffer = larger;
  };
  const writer: ByteWriter = {
    get length() {
      return length;
    },
    u8(value) {
      room(1);
      buffer[length++] = value;
    },
    u16(value) {
      room(2);
      buffer[length++] = value & 0xff;
      buffer[length++] = (value >> 8) & 0xff;
    },
    integer(value, width) {
      room(width);
      putInteger(buffer, length, value, width);
      length += width;
    },
    varint(value) {
      let rest = value;
      while (rest > 0x7f) {
        writer.u8((rest & 0x7f) | 0x80);
        rest = Math.floor(rest / 128);
      }
      writer.u8(rest);
    },
    bytes(value) {
      room(value.length);
      buffer.set(value, length);
      length += value.length;
    },
    take: () => buffer.slice(0, length),
  };
  return writer;
}

export interface ByteReader {
  readonly at: number;
  u8(): number;
  u16(): number;
  integer(width: number): bigint;
  varint(): number;
  bytes(length: number): Uint8Array;
}

export function byteReader(bytes: Uint8Array): ByteReader {
  let at = 0;
  const reader: ByteReader = {
    get at() {
      return at;
    },
    u8: () => bytes[at++] ?? 0,
    u16: () => reader.u8() | (reader.u8() << 8),
    integer: (width) => bytesInteger(reader.bytes(width)),
    varint() {
      let value = 0;
      let scale = 1;
      for (;;) {
        const byte = reader.u8();
        value += (byte & 0x7f) * scale;
        if (byte < 0x80) return value;
        scale *= 128;
      }
    },
    bytes(length) {
      const part = bytes.subarray(at, at + length);
      at += length;
      return part;
    },
  };
  return reader;
}

/** Bytes that `varint` takes. */
export function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
}

export function integerBytes(value: bigint, width: number): Uint8Array {
  const bytes = new Uint8Array(width);
  putInteger(bytes, 0, value, width);
  return bytes;
}

const HALF = 2 ** 32;

/** By way of numbers wherever they are exact: a bigint's own operations would take most of an encoder's time. */
function putInteger(bytes: Uint8Array, at: number, value: bigint, width: number): void {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) {
    for (let index = 0; index < width; index++) bytes[at + index] = Number((value >> BigInt(8 * index)) & 0xffn);
    return;
  }
  let word = number | 0;
  for (let index = 0; index < width; index++) {
    if (index === 4) word = Math.floor(number / HALF) | 0;
    bytes[at + index] = index < 8 ? (word >> (8 * (index & 3))) & 0xff : number < 0 ? 0xff : 0;
  }
}

export function bytesInteger(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length === 2) return BigInt(view.getInt16(0, true));
  if (bytes.length === 4) return BigInt(view.getInt32(0, true));
  const low = view.getBigInt64(0, true);
  return bytes.length === 8 ? low : (view.getBigInt64(8, true) << 64n) | BigInt.asUintN(64, low);
}
