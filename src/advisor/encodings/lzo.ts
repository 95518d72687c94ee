/**
 * A model of LZO, of which there is no library here: a compressor of the same family (LZ77, greedy, one hash table of the last place of each four
 * bytes, codes of whole bytes, no entropy coding), so that it finds what LZO1X finds and spends about what it spends.
 *
 *     token: literals (high four bits), match length - 4 (low four); 15 goes on in further bytes of up to 255 | literals | distance (u16)
 *
 * The last token has literals and no match.
 */
import { byteReader, byteWriter } from "./bytes.js";

const MATCH_MIN = 4;
const DISTANCE_MAX = 0xffff;
const HASH_BITS = 14;
const NIBBLE = 15;

export function lzoCompress(input: Uint8Array): Uint8Array {
  const writer = byteWriter();
  const table = new Int32Array(1 << HASH_BITS).fill(-1);
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  let literalsFrom = 0;
  let at = 0;
  /** Grows while nothing matches, so that what cannot be compressed is passed by quickly. */
  let misses = 0;

  const more = (length: number) => {
    let rest = length - NIBBLE;
    while (rest >= 255) {
      writer.u8(255);
      rest -= 255;
    }
    writer.u8(rest);
  };
  const token = (literals: number, match: number) => {
    writer.u8((Math.min(literals, NIBBLE) << 4) | Math.min(match, NIBBLE));
    if (literals >= NIBBLE) more(literals);
    writer.bytes(input.subarray(literalsFrom, literalsFrom + literals));
  };

  while (at + MATCH_MIN <= input.length) {
    const four = view.getUint32(at, true);
    const hash = Math.imul(four, 0x9e3779b1) >>> (32 - HASH_BITS);
    const candidate = table[hash]!;
    table[hash] = at;
    if (candidate < 0 || at - candidate > DISTANCE_MAX || view.getUint32(candidate, true) !== four) {
      at += 1 + (misses++ >> 6);
      continue;
    }
    misses = 0;
    let length = MATCH_MIN;
    while (at + length < input.length && input[candidate + length] === input[at + length]) length++;
    token(at - literalsFrom, length - MATCH_MIN);
    writer.u16(at - candidate);
    if (length - MATCH_MIN >= NIBBLE) more(length - MATCH_MIN);
    at += length;
    literalsFrom = at;
  }
  token(input.length - literalsFrom, 0);
  return writer.take();
}

export function lzoDecompress(block: Uint8Array, size: number): Uint8Array {
  const reader = byteReader(block);
  const output = new Uint8Array(size);
  let length = 0;
  const lengthOf = (nibble: number) => {
    if (nibble < NIBBLE) return nibble;
    let sum = NIBBLE;
    for (;;) {
      const byte = reader.u8();
      sum += byte;
      if (byte < 255) return sum;
    }
  };
  for (;;) {
    const token = reader.u8();
    const literals = lengthOf(token >> 4);
    output.set(reader.bytes(literals), length);
    length += literals;
    if (reader.at >= block.length) return output;
    const distance = reader.u16();
    const match = MATCH_MIN + lengthOf(token & NIBBLE);
    for (let index = 0; index < match; index++, length++) output[length] = output[length - distance]!;
  }
}
