import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { az64 } from "../../src/advisor/encodings/az64.js";
import { byteDictionary } from "../../src/advisor/encodings/byte-dictionary.js";
import { BLOCK_BYTES, type Codec, encodeBlocks } from "../../src/advisor/encodings/codec.js";
import { delta } from "../../src/advisor/encodings/delta.js";
import { lzoCompress, lzoDecompress } from "../../src/advisor/encodings/lzo.js";
import { mostly } from "../../src/advisor/encodings/mostly.js";
import { bitRaw, fixedRaw, textRaw } from "../../src/advisor/encodings/raw.js";
import { runLength } from "../../src/advisor/encodings/run-length.js";
import { textDictionary } from "../../src/advisor/encodings/text-dictionary.js";

const pause = async () => {};

async function encodedAndBack<V>(codec: Codec<V>, values: readonly V[]): Promise<V[]> {
  const blocks = await encodeBlocks(codec, values, pause);
  return blocks.flatMap(({ bytes, count }) => codec.decode(bytes, count));
}

/** What `sizeBytes` says is what `finish` writes. */
function saidSize<V>(codec: Codec<V>, values: readonly V[]): { said: number; written: number } {
  const encoder = codec.encoder();
  for (const value of values) encoder.add(value);
  const said = encoder.sizeBytes;
  return { said, written: encoder.finish().length };
}

const WIDTHS = [2, 4, 8, 16] as const;
const integers = (width: number) => {
  const most = 1n << BigInt(8 * width - 1);
  const any = fc.bigInt({ min: -most, max: most - 1n });
  const small = fc.bigInt({ min: -130n, max: 130n });
  return fc.array(fc.oneof(any, small, fc.constant(0n), fc.constant(-most), fc.constant(most - 1n)), {
    maxLength: 300,
  });
};
const texts = fc.array(
  fc.oneof(fc.string({ unit: "grapheme", maxLength: 30 }), fc.constantFrom("", " ", "a  b", "Madison Square Garden")),
  { maxLength: 300 },
);
const byteValues = (width?: number) =>
  fc.array(
    fc.oneof(
      fc.uint8Array(width === undefined ? { maxLength: 20 } : { minLength: width, maxLength: width }),
      fc.constantFrom(0, 1, 2).map((byte) => new Uint8Array(width ?? 3).fill(byte)),
    ),
    { maxLength: 400 },
  );

describe("what is encoded can be decoded", () => {
  test.each(WIDTHS)("whole numbers of %i bytes, by DELTA, DELTA32K, MOSTLY8 to 32 and AZ64's model", async (width) => {
    const mostlies = ([1, 2, 4] as const).filter((bytes) => bytes < width).map((bytes) => mostly(width, bytes));
    const codecs = [delta(width, 1), delta(width, 2), az64(width), ...mostlies];
    await fc.assert(
      fc.asyncProperty(integers(width), async (values) => {
        for (const codec of codecs) expect(await encodedAndBack(codec, values)).toEqual(values);
      }),
    );
  });

  test("values of one width and of any, by RAW, BYTEDICT and RUNLENGTH", async () => {
    await fc.assert(
      fc.asyncProperty(byteValues(4), byteValues(), async (fixed, loose) => {
        for (const codec of [fixedRaw(4), byteDictionary(4), runLength(4)])
          expect(await encodedAndBack(codec, fixed)).toEqual(fixed);
        for (const codec of [textRaw, byteDictionary(undefined), runLength(undefined)])
          expect(await encodedAndBack(codec, loose)).toEqual(loose);
      }),
    );
  });

  test("a dictionary that overflows: 256 values fit, the 257th makes the last place the code for values in full", async () => {
    for (const distinct of [1, 255, 256, 257, 600]) {
      const values = Array.from({ length: 3000 }, (_, index) => {
        const value = (index * 7) % distinct;
        return Uint8Array.of(value & 0xff, value >> 8);
      });
      expect(await encodedAndBack(byteDictionary(2), values)).toEqual(values);
      const { said, written } = saidSize(byteDictionary(2), values);
      expect(said).toBe(written);
      if (distinct <= 256) expect(written).toBe(2 + 2 * distinct + values.length);
    }
  });

  test("booleans, a bit each", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(0, 1).map((bit) => Uint8Array.of(bit))), async (values) => {
        expect(await encodedAndBack(bitRaw, values)).toEqual(values);
        expect(saidSize(bitRaw, values).written).toBe(Math.ceil(values.length / 8));
      }),
    );
  });

  test("texts, by TEXT255 and TEXT32K", async () => {
    await fc.assert(
      fc.asyncProperty(texts, async (values) => {
        for (const kind of ["text255", "text32k"] as const)
          expect(await encodedAndBack(textDictionary(kind), values)).toEqual(values);
      }),
    );
  });

  test("more words than a dictionary takes", async () => {
    const values = Array.from({ length: 20_000 }, (_, index) => `word${index % 9000} and another${index % 300}`);
    for (const kind of ["text255", "text32k"] as const)
      expect(await encodedAndBack(textDictionary(kind), values)).toEqual(values);
  });

  test("bytes, by LZO's model", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 2000 }),
      fc
        .array(fc.constantFrom("abcd", "the same words ", "x"), { maxLength: 300 })
        .map((parts) => Buffer.from(parts.join(""))),
    );
    fc.assert(
      fc.property(bytes, (input) => {
        expect(Buffer.from(lzoDecompress(lzoCompress(input), input.length))).toEqual(Buffer.from(input));
      }),
    );
    const far = Buffer.concat([
      Buffer.from("needle in the hay"),
      Buffer.alloc(100_000, 7),
      Buffer.from("needle in the hay"),
    ]);
    expect(Buffer.from(lzoDecompress(lzoCompress(far), far.length))).toEqual(far);
  });
});

describe("sizes", () => {
  test("each coder says the size that it then writes", () => {
    fc.assert(
      fc.property(integers(8), byteValues(), texts, (numbers, bytes, words) => {
        for (const codec of [delta(8, 1), delta(8, 2), mostly(8, 1), mostly(8, 4)]) {
          const { said, written } = saidSize(codec, numbers);
          expect(said).toBe(written);
        }
        for (const codec of [textRaw, runLength(undefined), ...(bytes.length > 0 ? [byteDictionary(undefined)] : [])]) {
          const { said, written } = saidSize(codec, bytes);
          expect(said).toBe(written);
        }
        const { said, written } = saidSize(textDictionary("text32k"), words);
        expect(said).toBe(written);
      }),
    );
  });

  test("DELTA as in the documentation's example: 1 5 50 200 185 220 221 take 5 1 1 5 1 1 1 bytes", () => {
    const encoder = delta(4, 1).encoder();
    let before = 0;
    const taken = [1n, 5n, 50n, 200n, 185n, 220n, 221n].map((value) => {
      encoder.add(value);
      const size = encoder.sizeBytes - before;
      before = encoder.sizeBytes;
      return size;
    });
    expect(taken).toEqual([5, 1, 1, 5, 1, 1, 1]);
  });

  test("RUNLENGTH as in the documentation's example: colours in runs of 2, 3, 1, 4", () => {
    const colours = ["Blue", "Blue", "Green", "Green", "Green", "Blue", "Yellow", "Yellow", "Yellow", "Yellow"];
    const values = colours.map((colour) => Uint8Array.from(Buffer.from(colour.padEnd(6))));
    // There, a value is its letters; here, six bytes.
    expect(saidSize(runLength(6), values).written).toBe(4 * (1 + 6));
  });

  test("MOSTLY8 takes a byte for what fits and the flag and the value for the rest", () => {
    expect(saidSize(mostly(4, 1), [1n, 100n, 127n, -127n]).written).toBe(4);
    expect(saidSize(mostly(4, 1), [128n, -128n, 10_000n]).written).toBe(3 * 5);
    expect(saidSize(mostly(4, 2), [1n, 100n, 1000n, 10_000n]).written).toBe(8);
  });

  test("dictionaries begin anew with each block of a megabyte", async () => {
    const values = Array.from({ length: BLOCK_BYTES + 1000 }, (_, index) => Uint8Array.of(index % 3, 0, 0, 0));
    const blocks = await encodeBlocks(byteDictionary(4), values, pause);
    expect(blocks).toHaveLength(2);
    expect(blocks[0]!.bytes.length).toBe(BLOCK_BYTES);
    expect(blocks.reduce((sum, { count }) => sum + count, 0)).toBe(values.length);
  });

  test("a sequence packs well by AZ64's model, one value all but vanishes", () => {
    const sequence = Array.from({ length: 6400 }, (_, index) => BigInt(1_000_000 + index));
    expect(saidSize(az64(8), sequence).written).toBe(100 * (1 + 8 + (64 * 6) / 8));
    expect(
      saidSize(
        az64(8),
        sequence.map(() => 5n),
      ).written,
    ).toBe(100 * 9);
  });
});
