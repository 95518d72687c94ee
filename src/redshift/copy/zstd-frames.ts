/**
 * Whether a file is Zstandard from its first byte to its last. The engine, which unpacks it, takes a file that was cut short for a whole one,
 * and tells of one that is none by an error that ends the transaction. So frames and blocks are walked by their headers beforehand.
 * Source: RFC 8878, 3.1.
 */
import { open } from "node:fs/promises";

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const CUT = "it ends in the middle of a frame";

/** What is wrong with it; undefined where nothing is. */
export async function zstdFault(path: string): Promise<string | undefined> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const head = Buffer.alloc(6);
    const read = async (at: number, bytes: number): Promise<boolean> =>
      (await file.read(head, 0, bytes, at)).bytesRead === bytes;
    let at = 0;
    while (at < size) {
      if (!(await read(at, 5))) return at === 0 ? "it does not begin with a frame" : CUT;
      const magic = head.readUInt32LE(0);
      if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) {
        if (!(await read(at + 4, 4))) return CUT;
        at += 8 + head.readUInt32LE(0);
        continue;
      }
      if (magic !== MAGIC) return at === 0 ? "it does not begin with a frame" : "something else stands behind a frame";
      const descriptor = head[4]!;
      at += 5 + headerBytes(descriptor);
      for (let last = false; !last; ) {
        if (!(await read(at, 3))) return CUT;
        const block = head.readUIntLE(0, 3);
        last = (block & 1) === 1;
        const kind = (block >> 1) & 3;
        if (kind === 3) return "a block of it is damaged";
        at += 3 + (kind === 1 ? 1 : block >> 3);
      }
      if ((descriptor & 4) !== 0) at += 4;
    }
    return at === size ? undefined : CUT;
  } finally {
    await file.close();
  }
}

/** Of a frame, behind its descriptor: the window, the dictionary's number, the size of what is in it. */
function headerBytes(descriptor: number): number {
  const single = (descriptor & 0x20) !== 0;
  const dictionary = [0, 1, 2, 4][descriptor & 3]!;
  const content = [single ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  return (single ? 0 : 1) + dictionary + content;
}
