import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { type ColumnModel, METADATA_COLUMNS, type TableModel } from "../../src/definition/model.js";
import { mappingOf } from "../../src/definition/types.js";
import type { LakeObject, LakeObjectKind } from "../../src/delivery/flush.js";
import { nodeDisk } from "../../src/disk/node-disk.js";
import { openFsObjectStore } from "../../src/lake/fs.js";
import type { ObjectStore } from "../../src/lake/object-store.js";

/** A temporary folder, and the function that removes it. */
export async function temporaryFolder(): Promise<{ readonly path: string; readonly remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "penstock-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

export function column(name: string, type: ColumnModel["type"], more: Partial<ColumnModel> = {}): ColumnModel {
  return { name, type, nullable: true, path: [name], ...more };
}

export function tableModel(more: Partial<TableModel> = {}): TableModel {
  return {
    name: "quotes",
    sources: ["quotes"],
    format: { kind: "json", unknownFields: "ignore" },
    columns: [
      column("symbol", { kind: "varchar", length: 12 }, { nullable: false }),
      column("bid", { kind: "decimal", precision: 12, scale: 4 }),
      column("size", { kind: "integer" }),
    ],
    distStyle: "auto",
    deliver: {
      bufferBytes: 1_000_000,
      bufferMs: 1000,
      fileFormat: "parquet",
      compression: "zstd",
      prefix: "quotes/",
      errorPrefix: "errors/quotes/",
      partitionBy: [],
    },
    ...more,
  };
}

/** One row: its place in the shard, then its values by column name. */
export interface RowGiven {
  readonly shard?: string;
  readonly sequence: number;
  readonly index?: number;
  readonly arrived?: string;
  readonly values: Readonly<Record<string, unknown>>;
}

export const ARRIVED = "2026-03-01T10:00:00.000Z";

export function rowsOf(
  first: number,
  count: number,
  values: (sequence: number) => Record<string, unknown> = quote,
): RowGiven[] {
  return Array.from({ length: count }, (_, index) => ({ sequence: first + index, values: values(first + index) }));
}

function quote(sequence: number): Record<string, unknown> {
  return { symbol: `S${sequence}`, bid: "1.5000", size: sequence };
}

export interface TestLake extends ObjectStore {
  readonly root: string;
}

/** The embedded lake, in a folder. */
export async function folderLake(root: string): Promise<TestLake> {
  const lake = await openFsObjectStore({ disk: nodeDisk(), directory: root, stagingDirectory: `${root}-staging` });
  return { ...lake, root };
}

export interface ObjectGiven {
  readonly table: TableModel;
  readonly flush?: number;
  readonly rows: readonly RowGiven[];
  readonly key?: string;
  readonly schemaVersion?: number;
  readonly kind?: LakeObjectKind;
}

const writer = DuckDBInstance.create(":memory:", { threads: "1", memory_limit: "256MiB" });

/** Writes an object as delivery would, in the table's file format. */
export async function writeObject(lake: ObjectStore, given: ObjectGiven): Promise<LakeObject> {
  const { table, rows, flush = 1, schemaVersion = 1, kind = "rows" } = given;
  const format = table.deliver.fileFormat;
  const key = given.key ?? `${table.deliver.prefix}flush-${String(flush).padStart(6, "0")}.${format}`;
  const lines = rows.map((row) => ({
    _shard_id: row.shard ?? "shardId-000000000000",
    _sequence_number: row.sequence,
    _row_index: row.index ?? 0,
    _arrived_at: row.arrived ?? ARRIVED,
    ...row.values,
  }));
  const json = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  if (format === "json") await lake.put(key, Buffer.from(json));
  else await convert(lake, key, table, json);
  const info = await lake.head(key);
  return { key, kind, table: table.name, flush, schemaVersion, rows: rows.length, sizeBytes: info?.sizeBytes ?? 0 };
}

async function convert(lake: ObjectStore, key: string, table: TableModel, json: string): Promise<void> {
  const source = `${key}.source.json`;
  await lake.put(source, Buffer.from(json));
  const types = ["VARCHAR", "BIGINT", "INTEGER", "TIMESTAMPTZ"];
  const columns = [
    ...METADATA_COLUMNS.map((name, index) => `'${name}': '${types[index]}'`),
    ...table.columns.map(({ name, type }) => `'${name}': '${mappingOf(type).lake}'`),
  ];
  const connection = await (await writer).connect();
  const options = table.deliver.fileFormat === "csv" ? "FORMAT csv, HEADER" : "FORMAT parquet, COMPRESSION zstd";
  await connection.run(
    `SET TimeZone = 'UTC'; COPY (SELECT * FROM read_json('${lake.localPath(source)}', format = 'newline_delimited', hive_partitioning = false,
      columns = {${columns.join(", ")}})) TO '${lake.localPath(key)}' (${options})`,
  );
  connection.closeSync();
  await lake.delete(source);
}

/** A dead-letter object, in the form that delivery writes. */
export async function writeDeadLetters(
  lake: ObjectStore,
  given: {
    readonly table: TableModel;
    readonly flush?: number;
    readonly letters: readonly { sequence: number; raw: string; index?: number; code?: string }[];
  },
): Promise<LakeObject> {
  const { table, flush = 1, letters } = given;
  const key = `${table.deliver.errorPrefix}flush-${flush}.json`;
  const lines = letters.map(({ sequence, raw, index = 0, code = "invalid-json" }) =>
    JSON.stringify({
      attemptsMade: 1,
      arrivalTimestamp: Date.parse(ARRIVED),
      errorCode: "DataFormatConversion.ParseError",
      code,
      errorMessage: "The record is not JSON.",
      attemptEndingTimestamp: Date.parse(ARRIVED) + 5,
      rawData: Buffer.from(raw).toString("base64"),
      sequenceNumber: String(sequence),
      subSequenceNumber: null,
      dataCatalogTable: { databaseName: "penstock", tableName: table.name },
      stream: table.sources[0],
      shardId: "shardId-000000000000",
      sequence,
      rowIndex: index,
      column: null,
      table: table.name,
      flush,
    }),
  );
  const info = await lake.put(key, Buffer.from(`${lines.join("\n")}\n`));
  return {
    key,
    kind: "dead",
    table: table.name,
    flush,
    schemaVersion: 1,
    rows: letters.length,
    sizeBytes: info.sizeBytes,
  };
}
