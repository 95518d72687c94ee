/** Counts what the lake's objects hold, a flush and a shard at a time, from the objects themselves. */
import { messageOf } from "../core/errors.js";
import { MIB } from "../core/limits.js";
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

/** A record of 10 MiB in base64, with what surrounds it. */
const DEAD_LETTER_BYTES_MAX = 16 * MIB;
/** One statement counts so many rows at a time, so that its memory is bounded whatever the lake holds. */
const ROWS_MAX = 2_000_000;
const OBJECTS_MAX = 300;
const LOOKS_AT_ONCE = 8;

export interface ObjectCounts {
  /** By `<flush>/<stream>:<shard id>`. */
  readonly ranges: ReadonlyMap<string, RangeCount>;
  /** Flushes with an object that is no longer there, or that cannot be read; each has been said. */
  readonly uncounted: ReadonlySet<number>;
}

/** As many flushes at a time as one statement may count. */
export async function* batchesOf(results: AsyncIterable<FlushResult>): AsyncGenerator<readonly FlushResult[]> {
  let batch: FlushResult[] = [];
  let rows = 0;
  let objects = 0;
  for await (const result of results) {
    const resultRows = result.objects.reduce((sum, object) => sum + object.rows, 0);
    if (batch.length > 0 && (rows + resultRows > ROWS_MAX || objects + result.objects.length > OBJECTS_MAX)) {
      yield batch;
      batch = [];
      rows = 0;
      objects = 0;
    }
    batch.push(result);
    rows += resultRows;
    objects += result.objects.length;
  }
  if (batch.length > 0) yield batch;
}

/** Of one batch. */
export async function countObjects(
  sources: { readonly lake: ObjectStore; readonly sql: Sql },
  table: TableModel,
  batch: readonly FlushResult[],
  say: (text: string) => void,
): Promise<ObjectCounts> {
  const ranges = new Map<string, RangeCount>();
  const uncounted = new Set<number>();
  // One object that cannot be read must not hide what the others hold.
  const countOrHalve = async (some: readonly FlushResult[]): Promise<void> => {
    const [first] = some;
    if (first === undefined) return;
    try {
      await count(sources, table, some, ranges);
    } catch (error) {
      if (some.length === 1) {
        uncounted.add(first.flush);
        say(
          `an object of flush ${first.flush} cannot be read, and the flush is counted by its ledger entries: ${messageOf(error)}`,
        );
        return;
      }
      const half = Math.ceil(some.length / 2);
      await countOrHalve(some.slice(0, half));
      await countOrHalve(some.slice(half));
    }
  };
  const missing = await missingObjects(sources.lake, batch);
  for (const { flush, objects } of batch) {
    const gone = objects.find(({ key }) => missing.has(key));
    if (gone === undefined) continue;
    say(`${gone.key} is not in the lake any more; flush ${flush} is counted by its ledger entries.`);
    uncounted.add(flush);
  }
  await countOrHalve(batch.filter(({ flush }) => !uncounted.has(flush)));
  return { ranges, uncounted };
}

async function missingObjects(lake: ObjectStore, batch: readonly FlushResult[]): Promise<ReadonlySet<string>> {
  const missing = new Set<string>();
  const keys = batch.flatMap(({ objects }) => objects.map(({ key }) => key));
  for (let at = 0; at < keys.length; at += LOOKS_AT_ONCE) {
    await Promise.all(
      keys.slice(at, at + LOOKS_AT_ONCE).map(async (key) => {
        if ((await lake.head(key)) === undefined) missing.add(key);
      }),
    );
  }
  return missing;
}

async function count(
  { lake, sql }: { readonly lake: ObjectStore; readonly sql: Sql },
  table: TableModel,
  batch: readonly FlushResult[],
  counts: Map<string, RangeCount>,
): Promise<void> {
  const objects = batch.flatMap((result) => result.objects);
  if (objects.length === 0) return;
  const found = await sql(
    `SELECT flush::DOUBLE, shard,
            count(*) FILTER (kind = 'rows')::DOUBLE, count(*) FILTER (kind = 'dead')::DOUBLE,
            count(*) FILTER (kind = 'filtered')::DOUBLE,
            count(DISTINCT sequence)::DOUBLE, count(DISTINCT (sequence, row_index))::DOUBLE
       FROM (${identitiesOf(table, objects, lake)}) GROUP BY flush, shard`,
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

/**
 * The objects' identities as a relation: flush, kind, shard (as `<stream>:<shard id>`), sequence, row_index. All objects of a form go to
 * one reader, since each reader has buffers of its own.
 */
export function identitiesOf(table: TableModel, objects: readonly LakeObject[], lake: ObjectStore): string {
  const forms = new Map<Form, { path: string; object: LakeObject }[]>();
  for (const object of objects) {
    const form = formOf(object);
    const path = lake.localPath(object.key) ?? object.key;
    forms.set(form, [...(forms.get(form) ?? []), { path, object }]);
  }
  const selects = [...forms].map(([form, files]) => {
    const list = files.map(({ path, object }) => `(${text(path)}, ${object.flush}, ${text(object.kind)})`).join(", ");
    const paths = `[${files.map(({ path }) => text(path)).join(", ")}]`;
    return `SELECT f.flush, f.kind, ${columnsOf(form, table)} FROM ${readerOf(form, paths)} AS i
      JOIN (VALUES ${list}) AS f(path, flush, kind) ON i.filename = f.path`;
  });
  return selects.join("\nUNION ALL\n");
}

type Form = "dead" | "parquet" | "json" | "csv";

function formOf({ kind, key }: LakeObject): Form {
  if (kind === "dead") return "dead";
  if (kind === "rows" && /\.json(\.gz|\.zst)?$/.test(key)) return "json";
  if (kind === "rows" && /\.csv(\.gz|\.zst)?$/.test(key)) return "csv";
  return "parquet";
}

function columnsOf(form: Form, table: TableModel): string {
  if (form === "dead") return `i.stream || ':' || i."shardId" AS shard, i.sequence, i."rowIndex" AS row_index`;
  // A table with one source names its shards without the stream.
  const shard = table.sources.length === 1 ? `${text(`${table.sources[0]}:`)} || i._shard_id` : "i._shard_id";
  return `${shard} AS shard, i._sequence_number AS sequence, i._row_index AS row_index`;
}

function readerOf(form: Form, paths: string): string {
  const identity = `{_shard_id: 'VARCHAR', _sequence_number: 'BIGINT', _row_index: 'INTEGER'}`;
  switch (form) {
    case "dead":
      return `read_json(${paths}, format = 'newline_delimited', filename = true,
        columns = {stream: 'VARCHAR', "shardId": 'VARCHAR', sequence: 'BIGINT', "rowIndex": 'INTEGER'},
        maximum_object_size = ${DEAD_LETTER_BYTES_MAX})`;
    case "json":
      return `read_json(${paths}, format = 'newline_delimited', filename = true, columns = ${identity})`;
    case "csv":
      return `read_csv(${paths}, header = true, filename = true, union_by_name = true, types = ${identity})`;
    case "parquet":
      return `read_parquet(${paths}, filename = true, union_by_name = false)`;
  }
}
