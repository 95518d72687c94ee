/** Counts what the lake's objects hold, a flush and a shard at a time, from the objects themselves. */
import type { TableModel } from "../definition/model.js";
import type { FlushResult, LakeObject } from "../delivery/flush.js";
import type { ObjectStore } from "../lake/object-store.js";

/** Runs one statement on an engine that reads local files; answers rows of plain values. */
export type Sql = (statement: string) => Promise<readonly (readonly unknown[])[]>;

export interface RangeCount {
  readonly rows: number;
  readonly dead: number;
  readonly filtered: number;
  /** Distinct records, over all three. */
  readonly records: number;
  /** Distinct row identities, over all three. */
  readonly identities: number;
}

/** One statement counts so many rows at a time, so that its memory is bounded whatever the lake holds. */
const ROWS_MAX = 2_000_000;
const OBJECTS_MAX = 300;

/** By `<flush>/<stream>:<shard id>`; flushes with an object that is no longer there are left out, and said. */
export async function countObjects(
  sources: { readonly lake: ObjectStore; readonly sql: Sql },
  table: TableModel,
  results: readonly FlushResult[],
  say: (text: string) => void,
): Promise<ReadonlyMap<string, RangeCount>> {
  const counts = new Map<string, RangeCount>();
  let batch: FlushResult[] = [];
  let rows = 0;
  let objects = 0;
  const countBatch = async () => {
    if (batch.length > 0) await count(sources, table, batch, counts);
    batch = [];
    rows = 0;
    objects = 0;
  };
  for (const result of results) {
    const missing = await firstMissing(sources.lake, result.objects);
    if (missing !== undefined) {
      say(`${missing.key} is not in the lake any more; flush ${result.flush} is counted by its ledger entries.`);
      continue;
    }
    const resultRows = result.objects.reduce((sum, object) => sum + object.rows, 0);
    if (rows + resultRows > ROWS_MAX || objects + result.objects.length > OBJECTS_MAX) await countBatch();
    batch.push(result);
    rows += resultRows;
    objects += result.objects.length;
  }
  await countBatch();
  return counts;
}

async function firstMissing(lake: ObjectStore, objects: readonly LakeObject[]): Promise<LakeObject | undefined> {
  for (const object of objects) if ((await lake.head(object.key)) === undefined) return object;
  return undefined;
}

async function count(
  { lake, sql }: { readonly lake: ObjectStore; readonly sql: Sql },
  table: TableModel,
  batch: readonly FlushResult[],
  counts: Map<string, RangeCount>,
): Promise<void> {
  const selects = batch.flatMap((result) =>
    result.objects.map((object) => identitiesOf(table, object, lake.localPath(object.key) ?? object.key)),
  );
  if (selects.length === 0) return;
  const found = await sql(
    `SELECT flush::DOUBLE, shard,
            count(*) FILTER (kind = 'rows')::DOUBLE, count(*) FILTER (kind = 'dead')::DOUBLE,
            count(*) FILTER (kind = 'filtered')::DOUBLE,
            count(DISTINCT sequence)::DOUBLE, count(DISTINCT (sequence, row_index))::DOUBLE
       FROM (${selects.join("\nUNION ALL\n")}) GROUP BY flush, shard`,
  );
  for (const [flush, shard, rows, dead, filtered, records, identities] of found) {
    counts.set(`${Number(flush)}/${String(shard)}`, {
      rows: Number(rows),
      dead: Number(dead),
      filtered: Number(filtered),
      records: Number(records),
      identities: Number(identities),
    });
  }
}

const text = (value: string) => `'${value.replaceAll("'", "''")}'`;

/** One object's identities: flush, kind, shard (as `<stream>:<shard id>`), sequence, row_index. */
export function identitiesOf(table: TableModel, object: LakeObject, path: string): string {
  const head = `SELECT ${object.flush} AS flush, ${text(object.kind)} AS kind`;
  if (object.kind === "dead") {
    return `${head}, stream || ':' || "shardId" AS shard, sequence, "rowIndex" AS row_index
      FROM read_json(${text(path)}, format = 'newline_delimited',
        columns = {stream: 'VARCHAR', "shardId": 'VARCHAR', sequence: 'BIGINT', "rowIndex": 'INTEGER'},
        maximum_object_size = 67108864)`;
  }
  // A table with one source names its shards without the stream.
  const shard = table.sources.length === 1 ? `${text(`${table.sources[0]}:`)} || _shard_id` : "_shard_id";
  return `${head}, ${shard} AS shard, _sequence_number AS sequence, _row_index AS row_index FROM ${readerOf(object, path)}`;
}

function readerOf(object: LakeObject, path: string): string {
  const columns = `{_shard_id: 'VARCHAR', _sequence_number: 'BIGINT', _row_index: 'INTEGER'}`;
  if (/\.json(\.gz|\.zst)?$/.test(object.key))
    return `read_json(${text(path)}, format = 'newline_delimited', columns = ${columns})`;
  if (/\.csv(\.gz|\.zst)?$/.test(object.key)) return `read_csv(${text(path)}, header = true, all_varchar = false)`;
  return `read_parquet(${text(path)})`;
}
