/** MOSTLY8, 16, 32: values in fewer bytes than their type has; one that does not fit stands in full behind the code that is left over. */
import { byteReader, byteWriter } from "./bytes.js";
import type { Codec } from "./codec.js";

export function mostly(width: number, bytes: 1 | 2 | 4): Codec<bigint> {
  const flag = -(1n << BigInt(8 * bytes - 1));
  return {
    encoder() {
      const writer = byteWriter();
      const put = (value: bigint) => (bytes === 1 ? writer.u8(Number(value) & 0xff) : writer.integer(value, bytes));
      return {
        add(value) {
          if (value > flag && value < -flag) {
            put(value);
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
      return Array.from({ length: count }, () => {
        const value = bytes === 1 ? BigInt.asIntN(8, BigInt(reader.u8())) : reader.integer(bytes);
        return value === flag ? reader.integer(width) : value;
      });
    },
  };
}
