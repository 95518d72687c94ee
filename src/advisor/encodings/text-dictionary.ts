/**
 * TEXT255 and TEXT32K: a dictionary of a block's words. TEXT255 takes the first 245 and points to each with one byte; TEXT32K takes words until their
 * entries come to 32 KB, and points with two. Other words stand in full. A word is what lies between blanks, so that a text is its words joined.
 *
 *     entries (u16) | length, word ... | a text: words, then of each its code, or the code for "in full", its length and itself
 */
import { byteReader, byteWriter, varintBytes } from "./bytes.js";
import type { Codec } from "./codec.js";

export type TextDictionary = "text255" | "text32k";

const WORDS_MAX = 245;
const ENTRIES_BYTES_MAX = 32 * 1024;
const HEAD_BYTES = 2;

export function textDictionary(kind: TextDictionary): Codec<string> {
  const codeBytes = kind === "text255" ? 1 : 2;
  const inFull = kind === "text255" ? 0xff : 0xffff;
  return {
    encoder() {
      const places = new Map<string, number>();
      const body = byteWriter();
      const entries = byteWriter();
      const put = (code: number) => (codeBytes === 1 ? body.u8(code) : body.u16(code));
      const enter = (word: string, bytes: Uint8Array): number | undefined => {
        const known = places.get(word);
        if (known !== undefined) return known;
        const size = varintBytes(bytes.length) + bytes.length;
        const room = kind === "text255" ? places.size < WORDS_MAX : entries.length + size <= ENTRIES_BYTES_MAX;
        if (!room) return undefined;
        const place = places.size;
        places.set(word, place);
        entries.varint(bytes.length);
        entries.bytes(bytes);
        return place;
      };
      return {
        add(value) {
          const words = value.split(" ");
          body.varint(words.length);
          for (const word of words) {
            const bytes = Buffer.from(word);
            const place = enter(word, bytes);
            put(place ?? inFull);
            if (place !== undefined) continue;
            body.varint(bytes.length);
            body.bytes(bytes);
          }
        },
        get sizeBytes() {
          return HEAD_BYTES + entries.length + body.length;
        },
        finish() {
          const writer = byteWriter();
          writer.u16(places.size);
          writer.bytes(entries.take());
          writer.bytes(body.take());
          return writer.take();
        },
      };
    },
    decode(block, count) {
      const reader = byteReader(block);
      const take = () => Buffer.from(reader.bytes(reader.varint())).toString();
      const entries = Array.from({ length: reader.u16() }, take);
      return Array.from({ length: count }, () =>
        Array.from({ length: reader.varint() }, () => {
          const code = codeBytes === 1 ? reader.u8() : reader.u16();
          return code === inFull ? take() : entries[code]!;
        }).join(" "),
      );
    },
  };
}
