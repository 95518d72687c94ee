/**
 * DELTA and DELTA32K: the difference from the value before in one byte (-127 to 127) or two (-32,767 to 32,767). Where it does not fit, and for a
 * block's first value, a flag (the one difference that is left over) and the value itself.
 */
import { byteReader, byteWriter } from "./bytes.js";
import type { Codec } from "./codec.js";

export function delta(width: number, deltaBytes: 1 | 2): Codec<bigint> {
  const most = deltaBytes === 1 ? 127n : 32_767n;
  const flag = deltaBytes === 1 ? 0x80 : 0x8000;
  return {
    encoder() {
      const writer = byteWriter();
      let before: bigint | undefined;
      const put = (value: number) => (deltaBytes === 1 ? writer.u8(value & 0xff) : writer.u16(value & 0xffff));
      return {
        add(value) {
          const difference = before === undefined ? undefined : value - before;
          before = value;
          if (difference !== undefined && difference >= -most && difference <= most) {
            put(Number(difference));
          } else {
            put(flag);
            writer.integer(value, width);
          }
        },
        get sizeBytes() {
          return writer.length;
        },
        finish: writer.take,
      };
    },
    decode(block, count) {
      const reader = byteReader(block);
      const values: bigint[] = [];
      let before = 0n;
      while (values.length < count) {
        const code = deltaBytes === 1 ? reader.u8() : reader.u16();
        if (code === flag) before = reader.integer(width);
        else before += BigInt(code > flag ? code - 2 * flag : code);
        values.push(before);
      }
      return values;
    },
  };
}
