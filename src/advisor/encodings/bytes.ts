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
      buffer.set(integerBytes(value, width), length);
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
  const view = new DataView(bytes.buffer);
  if (width === 2) view.setInt16(0, Number(value), true);
  else if (width === 4) view.setInt32(0, Number(value), true);
  else {
    for (let at = 0; at < width; at += 8) view.setBigInt64(at, BigInt.asIntN(64, value >> BigInt(8 * at)), true);
  }
  return bytes;
}

export function bytesInteger(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length === 2) return BigInt(view.getInt16(0, true));
  if (bytes.length === 4) return BigInt(view.getInt32(0, true));
  const low = view.getBigInt64(0, true);
  return bytes.length === 8 ? low : (view.getBigInt64(8, true) << 64n) | BigInt.asUintN(64, low);
}
