/**
 * An encoding as Redshift's documentation describes it: values of one column, one after another, into blocks of 1 MB, each of which can be read by
 * itself. Dictionaries begin anew with every block.
 */
import { MIB } from "../../core/limits.js";

/** Source: "Columnar storage": Redshift's block size. */
export const BLOCK_BYTES = MIB;

export interface Codec<V> {
  /** Of one block. */
  encoder(): BlockEncoder<V>;
  decode(block: Uint8Array, count: number): V[];
}

export interface BlockEncoder<V> {
  add(value: V): void;
  /** With all that `finish` would write. */
  readonly sizeBytes: number;
  finish(): Uint8Array;
}

export interface Block {
  readonly bytes: Uint8Array;
  readonly count: number;
}

/** Values between two pauses: a few milliseconds of work. */
export const STRETCH = 16_384;

/** `pause` is awaited now and then, so that whoever shares the thread is not kept waiting. */
export async function encodeBlocks<V>(
  codec: Codec<V>,
  values: readonly V[],
  pause: () => Promise<void>,
): Promise<Block[]> {
  const blocks: Block[] = [];
  let encoder = codec.encoder();
  let count = 0;
  for (const [index, value] of values.entries()) {
    encoder.add(value);
    count++;
    if (encoder.sizeBytes >= BLOCK_BYTES) {
      blocks.push({ bytes: encoder.finish(), count });
      encoder = codec.encoder();
      count = 0;
    }
    if (index % STRETCH === STRETCH - 1) await pause();
  }
  if (count > 0) blocks.push({ bytes: encoder.finish(), count });
  return blocks;
}
