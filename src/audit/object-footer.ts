/** What an object of the lake says of itself: for Parquet its footer, a line a column. */
import type { ObjectAnswer } from "../api/control/contract.js";
import { PenstockError } from "../core/errors.js";
import type { ObjectStore } from "../lake/object-store.js";
import type { Sql } from "./object-count.js";

export async function describeObject(lake: ObjectStore, sql: Sql, key: string): Promise<ObjectAnswer> {
  const head = await lake.head(key).catch(() => undefined);
  const path = head === undefined ? undefined : lake.localPath(key);
  if (head === undefined || path === undefined) {
    throw new PenstockError("not-found", `The lake has no object ${JSON.stringify(key.slice(0, 500))}.`, {
      hint: "A lifecycle rule or somebody's hand may have removed it; the ledger keeps what was loaded of it.",
    });
  }
  const plain = { key, sizeBytes: head.sizeBytes };
  if (!key.endsWith(".parquet")) return plain;
  const file = `'${path.replaceAll("'", "''")}'`;
  const [whole] = await sql(
    `SELECT num_rows::DOUBLE, num_row_groups::DOUBLE, created_by FROM parquet_file_metadata(${file})`,
  );
  const columns = await sql(
    `SELECT path_in_schema, any_value(type), string_agg(DISTINCT encodings, ', '), any_value(compression),
       sum(total_compressed_size)::DOUBLE, sum(total_uncompressed_size)::DOUBLE, sum(stats_null_count)::DOUBLE,
       left(min(stats_min_value), 60), left(max(stats_max_value), 60)
     FROM parquet_metadata(${file}) GROUP BY path_in_schema, column_id ORDER BY column_id`,
  );
  const text = (value: unknown) => (value === null || value === undefined ? undefined : String(value));
  return {
    ...plain,
    parquet: {
      rows: Number(whole?.[0]),
      rowGroups: Number(whole?.[1]),
      writtenBy: String(whole?.[2]),
      columns: columns.map(
        ([name, type, encodings, compression, compressed, uncompressed, nulls, smallest, largest]) => ({
          name: String(name),
          type: String(type),
          encodings: String(encodings),
          compression: String(compression),
          compressedBytes: Number(compressed),
          uncompressedBytes: Number(uncompressed),
          ...(nulls === null ? {} : { nulls: Number(nulls) }),
          ...(text(smallest) === undefined ? {} : { smallest: text(smallest)! }),
          ...(text(largest) === undefined ? {} : { largest: text(largest)! }),
        }),
      ),
    },
  };
}
