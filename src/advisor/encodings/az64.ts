/**
 * A model of AZ64, which is Amazon's own and not described beyond this: it takes small groups of values and packs each by itself. Here a group of 64
 * holds its least value in full, and of each value the distance to it in as many bits as the group's largest distance needs.
 *
 *     bits (u8) | least value | 64 x bits
 */
import { byteReader, byteWriter } from "./bytes.js";
import type { Codec } from "./codec.js";

const GROUP = 64;

export function az64(width: number): Codec<bigint> {
  return {
    encoder() {
      const writer = byteWriter();
      let group: bigint[] = [];
      const flush = () => {
        if (group.length === 0) return;
        let least = group[0]!;
        let most = least;
        for (const value of group) {
          if (value < least) least = value;
          if (value > most) most = value;
        }
        const bits = most === least ? 0 : (most - least).toString(2).length;
        writer.u8(bits);
        writer.integer(least, width);
        packBits(group, least, bits, writer.u8);
        group = [];
      };
      return {
        add(value) {
          group.push(value);
          if (group.length === GROUP) flush();
        },
        get sizeBytes() {
          return writer.length + (group.length === 0 ? 0 : 1 + width);
        },
        finish() {
          flush();
          return writer.take();
        },
      };
    },
    decode(block, count) {
      const reader = byteReader(block);
      const values: bigint[] = [];
      while (values.length < count) {
        const size = Math.min(GROUP, count - values.length);
        const bits = reader.u8();
        const least = reader.integer(width);
        const packed = reader.bytes(Math.ceil((size * bits) / 8));
        for (let index = 0; index < size; index++) values.push(least + unpackBits(packed, index * bits, bits));
      }
      return values;
    },
  };
}

function packBits(values: readonly bigint[], least: bigint, bits: number, put: (byte: number) => void): void {
  if (bits === 0) return;
  let held = 0n;
  let count = 0;
  for (const value of values) {
    held |= (value - least) << BigInt(count);
    count += bits;
    while (count >= 8) {
      put(Number(held & 0xffn));
      held >>= 8n;
      count -= 8;
    }
  }
  if (count > 0) put(Number(held));
}

function unpackBits(bytes: Uint8Array, from: number, bits: number): bigint {
  let value = 0n;
  for (let bit = 0; bit < bits; bit++) {
    const at = from + bit;
    if (((bytes[at >> 3] ?? 0) >> (at & 7)) & 1) value |= 1n << BigInt(bit);
  }
  return value;
}
