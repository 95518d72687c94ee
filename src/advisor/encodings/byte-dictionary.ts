/**
 * BYTEDICT: a block's first 256 different values as a dictionary, each value one byte that points into it; further ones in full behind a code that is
 * left over. So the dictionary holds 256 where they suffice, and 255 where they do not.
 *
 *     entries - 1 (u8) | last is the code for "in full" (u8) | entries | codes and values
 */
import { byteReader, byteWriter } from "./bytes.js";
import type { Codec } from "./codec.js";
import { LENGTH_BYTES } from "./raw.js";

const ENTRIES_MAX = 256;
const IN_FULL = 255;
const HEAD_BYTES = 2;

export function byteDictionary(width: number | undefined): Codec<Uint8Array> {
  const lengthBytes = width === undefined ? LENGTH_BYTES : 0;
  return {
    encoder() {
      const places = new Map<string, number>();
      const entries: Uint8Array[] = [];
      /** Of each value its place in the dictionary, or itself. */
      const values: (number | Uint8Array)[] = [];
      let entryBytes = 0;
      let valueBytes = 0;
      let full = false;
      /** Those that took the last place, before it became the code. */
      let last = 0;

      return {
        add(value) {
          const key = Buffer.from(value.buffer, value.byteOffset, value.length).toString("latin1");
          let place = places.get(key);
          if (place === undefined && entries.length < ENTRIES_MAX && !full) {
            place = entries.length;
            places.set(key, place);
            entries.push(value);
            entryBytes += value.length + lengthBytes;
          } else if (place === undefined && !full) {
            full = true;
            const moved = entries.pop()!;
            places.delete(Buffer.from(moved.buffer, moved.byteOffset, moved.length).toString("latin1"));
            entryBytes -= moved.length + lengthBytes;
            for (const [index, one] of values.entries()) if (one === IN_FULL) values[index] = moved;
            valueBytes += last * (moved.length + lengthBytes);
          }
          values.push(place ?? value);
          valueBytes += place === undefined ? 1 + value.length + lengthBytes : 1;
          if (place === IN_FULL) last++;
        },
        get sizeBytes() {
          return HEAD_BYTES + entryBytes + valueBytes;
        },
        finish() {
          const writer = byteWriter();
          const put = (value: Uint8Array) => {
            if (width === undefined) writer.integer(BigInt(value.length), LENGTH_BYTES);
            writer.bytes(value);
          };
          writer.u8(entries.length - 1);
          writer.u8(full ? 1 : 0);
          for (const entry of entries) put(entry);
          for (const value of values) {
            if (typeof value === "number") writer.u8(value);
            else {
              writer.u8(IN_FULL);
              put(value);
            }
          }
          return writer.take();
        },
      };
    },
    decode(block, count) {
      const reader = byteReader(block);
      const take = () => reader.bytes(width ?? Number(reader.integer(LENGTH_BYTES))).slice();
      const size = reader.u8() + 1;
      const full = reader.u8() === 1;
      const entries = Array.from({ length: size }, take);
      return Array.from({ length: count }, () => {
        const code = reader.u8();
        return full && code === IN_FULL ? take() : entries[code]!;
      });
    },
  };
}
