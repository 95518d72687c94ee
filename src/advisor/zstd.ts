/**
 * Zstandard's own size of a block: Node has it from 22 on, so the conversion engine writes the block as the one value of a Parquet file, uncoded but for
 * the compression, and the file's footer tells the size. What a page costs besides is taken off.
 */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { ConversionEngine } from "../delivery/engine.js";
import type { Disk } from "../disk/disk.js";
import { textLiteral } from "../redshift/sql-text.js";

export function zstdMeasure(
  engine: ConversionEngine,
  disk: Disk,
  directory: string,
): (blocks: readonly Uint8Array[]) => Promise<number> {
  return async (blocks) => {
    await disk.makeDirectory(directory);
    let size = 0;
    for (const block of blocks) size += await compressedBytes(engine, disk, join(directory, randomUUID()), block);
    return size;
  };
}

async function compressedBytes(engine: ConversionEngine, disk: Disk, path: string, block: Uint8Array): Promise<number> {
  const parquet = `${path}.parquet`;
  const file = await disk.open(path, "write");
  try {
    await file.write([block]);
  } finally {
    await file.close();
  }
  try {
    return await engine.session(async (session) => {
      await session.run(
        `COPY (SELECT content FROM read_blob(${textLiteral(path)})) TO ${textLiteral(parquet)} (FORMAT parquet, COMPRESSION zstd)`,
      );
      let size = block.length;
      await session.read(
        `SELECT total_compressed_size::DOUBLE, total_uncompressed_size::DOUBLE FROM parquet_metadata(${textLiteral(parquet)})`,
        ([row]) => {
          const beside = Number(row?.[1]) - block.length;
          size = Math.max(1, Number(row?.[0]) - beside);
        },
      );
      // Stored as it is where compression would only add to it.
      return Math.min(size, block.length);
    });
  } finally {
    await disk.remove(path);
    await disk.remove(parquet);
  }
}
