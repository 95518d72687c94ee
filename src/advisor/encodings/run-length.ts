/** RUNLENGTH: how often a value stands in a row, in one byte, and the value. A run of more than 255 is several. */
import { byteReader, byteWriter } from "./bytes.js";
import type { Codec } from "./codec.js";
import { LENGTH_BYTES } from "./raw.js";

const RUN_MAX = 255;

/** `width` of the values; undefined where each has its own. */
export function runLength(width: number | undefined): Codec<Uint8Array> {
  return {
    encoder() {
      const writer = byteWriter();
      let run: Uint8Array | undefined;
      let count = 0;
      const flush = () => {
        if (run === undefined) return;
        writer.u8(count);
        if (width === undefined) writer.integer(BigInt(run.length), LENGTH_BYTES);
        writer.bytes(run);
      };
      return {
        add(value) {
          if (run !== undefined && count < RUN_MAX && same(run, value)) {
            count++;
            return;
          }
          flush();
          run = value;
          count = 1;
        },
        get sizeBytes() {
          const open = run === undefined ? 0 : 1 + run.length + (width === undefined ? LENGTH_BYTES : 0);
          return writer.length + open;
        },
        finish() {
          flush();
          run = undefined;
          return writer.take();
        },
      };
    },
    decode(block, count) {
      const reader = byteReader(block);
      const values: Uint8Array[] = [];
      while (values.length < count) {
        const times = reader.u8();
        const value = reader.bytes(width ?? Number(reader.integer(LENGTH_BYTES))).slice();
        for (let index = 0; index < times; index++) values.push(value);
      }
      return values;
    },
  };
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}
