/** RAW: each value in its type's width, text behind four bytes of length, booleans a bit each. */
import { byteReader, byteWriter } from "./bytes.js";
import type { Codec } from "./codec.js";

/** Values that are all of one width. */
export function fixedRaw(width: number): Codec<Uint8Array> {
  return {
    encoder() {
      const writer = byteWriter();
      return {
        add: (value) => writer.bytes(value),
        get sizeBytes() {
          return writer.length;
        },
        finish: writer.take,
      };
    },
    decode: (block, count) =>
      Array.from({ length: count }, (_, index) => block.slice(index * width, (index + 1) * width)),
  };
}

/** Source: "Character types": VARCHAR takes 4 bytes and its text. */
export const LENGTH_BYTES = 4;

export const textRaw: Codec<Uint8Array> = {
  encoder() {
    const writer = byteWriter();
    return {
      add(value) {
        writer.integer(BigInt(value.length), LENGTH_BYTES);
        writer.bytes(value);
      },
      get sizeBytes() {
        return writer.length;
      },
      finish: writer.take,
    };
  },
  decode(block, count) {
    const reader = byteReader(block);
    return Array.from({ length: count }, () => reader.bytes(Number(reader.integer(LENGTH_BYTES))).slice());
  },
};

/** One byte, 0 or 1, in; a bit out. */
export const bitRaw: Codec<Uint8Array> = {
  encoder() {
    const writer = byteWriter();
    let byte = 0;
    let bits = 0;
    return {
      add(value) {
        byte |= (value[0] ?? 0) << bits++;
        if (bits < 8) return;
        writer.u8(byte);
        byte = 0;
        bits = 0;
      },
      get sizeBytes() {
        return writer.length + (bits > 0 ? 1 : 0);
      },
      finish() {
        if (bits > 0) writer.u8(byte);
        bits = 0;
        return writer.take();
      },
    };
  },
  decode: (block, count) =>
    Array.from({ length: count }, (_, index) => Uint8Array.of(((block[index >> 3] ?? 0) >> (index & 7)) & 1)),
};
