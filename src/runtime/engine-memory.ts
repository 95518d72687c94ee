/** What each of the two engines may hold in memory where nobody says. */
import { MIB } from "../core/limits.js";
import { METADATA_COLUMNS, type PipelineModel } from "../definition/model.js";

/** Twice this and the rest of the process, some 300 MiB, stay below 700 MB, however long the streams are. */
const BYTES_MIN = 160 * MIB;
/** DuckDB fills blocks of 256 KiB, one or two for each column that a thread writes: 280 columns of text need 384 MiB with two threads, 1,500 need 1.5 GiB. */
const BYTES_A_COLUMN_AND_THREAD = MIB / 2;
const BYTES_BESIDE_COLUMNS = 96 * MIB;

/** Enough for the widest of the pipeline's tables. */
export function engineMemoryFor({ tables }: PipelineModel, threads: number): number {
  const columns = METADATA_COLUMNS.length + Math.max(0, ...tables.map((table) => table.columns.length));
  return Math.max(BYTES_MIN, BYTES_BESIDE_COLUMNS + columns * threads * BYTES_A_COLUMN_AND_THREAD);
}
