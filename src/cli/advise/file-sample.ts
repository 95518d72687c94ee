/** A table that is nowhere yet: a file of its rows, and the types of a definition, or those that its values suggest. */
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { adviseTable } from "../../advisor/advise.js";
import type { AdvisedColumn, AdvisedTable } from "../../advisor/advised-table.js";
import type { LoggedStatement } from "../../advisor/query-uses.js";
import { readColumn, stretches, withinMemory } from "../../advisor/read-sample.js";
import { zstdMeasure } from "../../advisor/zstd.js";
import type { TableAdvice } from "../../api/control/contract.js";
import { messageOf, PenstockError } from "../../core/errors.js";
import { MIB } from "../../core/limits.js";
import type { TableModel } from "../../definition/model.js";
import { type EngineSession, openConversionEngine } from "../../delivery/engine.js";
import { nodeDisk } from "../../disk/node-disk.js";
import { quotedName, textLiteral } from "../../redshift/sql-text.js";
import type { SqlType } from "../../redshift/types.js";
import { duckDbType } from "../../redshift/types-duckdb.js";

export interface FileAdviceOptions {
  readonly path: string;
  readonly table: string | undefined;
  readonly model: TableModel | undefined;
  readonly statements: readonly LoggedStatement[];
  readonly rows: number;
  readonly slices: number;
  readonly expectedRows: number;
}

const MEMORY_BYTES = 512 * MIB;
const SPILL_BYTES = 4096 * MIB;
const SAMPLE = "penstock_sample";

export async function adviseFile(options: FileAdviceOptions): Promise<TableAdvice> {
  await checkThere(options.path);
  const directory = await mkdtemp(join(tmpdir(), "penstock-advise-"));
  const engine = await openConversionEngine({
    memoryBytesMax: MEMORY_BYTES,
    // One thread reads a file in its order.
    threads: 1,
    temporaryDirectory: join(directory, "spill"),
    temporaryBytesMax: SPILL_BYTES,
    gate: (work) => work(),
  });
  try {
    return await engine.session(async (session) => {
      const { table, rowsTotal } = await readFile(session, options);
      const relation = await withinMemory(session, { from: SAMPLE, order: "penstock_row" }, table.columns);
      return adviseTable({
        table,
        sample: { from: "file", rowsTotal, column: (column) => readColumn(session, relation, column) },
        statements: options.statements,
        columnsOf: () => undefined,
        slices: options.slices,
        expectedRows: Math.max(options.expectedRows, rowsTotal),
        tools: { zstd: zstdMeasure(engine, nodeDisk(), directory), pause: () => setImmediate() },
      });
    });
  } finally {
    await engine.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function readFile(
  session: EngineSession,
  { path, table: named, model, rows }: FileAdviceOptions,
): Promise<{ readonly table: AdvisedTable; readonly rowsTotal: number }> {
  const from = readerOf(path);
  const found = new Map<string, { readonly name: string; readonly type: string }>();
  await session.read(`DESCRIBE SELECT * FROM ${from}`, (chunk) => {
    for (const [name, type] of chunk) found.set(String(name).toLowerCase(), { name: String(name), type: String(type) });
  });
  const rowsTotal = await session.run(`SELECT count(*) FROM ${from}`);
  if (rowsTotal === 0) throw new PenstockError("invalid-argument", `${path} has no rows.`);
  const columns = model === undefined ? await guessedColumns(session, from, found) : definedColumns(model, found, path);
  const selected = columns.map(
    ({ name, source, type }) => `TRY_CAST(${quotedName(source)} AS ${duckDbType(type)}) AS ${quotedName(name)}`,
  );
  await session.run(
    `CREATE TEMP TABLE ${SAMPLE} AS SELECT penstock_row, ${selected.join(", ")} FROM (SELECT row_number() OVER () - 1 AS penstock_row, * FROM ${from})
      WHERE ${stretches("penstock_row", rowsTotal, rows)}`,
  );
  const table: AdvisedTable = {
    schema: "public",
    name: model?.name ?? tableName(named, path),
    columns: columns.map(({ source: _, ...column }) => column),
    distStyle: model === undefined ? "auto" : model.distKey === undefined ? model.distStyle : "key",
    ...(model?.distKey === undefined ? {} : { distKey: model.distKey }),
    ...(model?.sortKey === undefined ? {} : { sortKey: model.sortKey }),
    ...(model === undefined ? {} : { model }),
    exists: false,
  };
  return { table, rowsTotal };
}

async function checkThere(path: string): Promise<void> {
  if (/[*?[]/.test(basename(path))) return;
  try {
    if ((await stat(path)).isDirectory()) throw new Error("it is a folder");
  } catch (error) {
    throw new PenstockError("invalid-argument", `Cannot read ${path}: ${messageOf(error)}.`, {
      cause: error,
      hint: "Name a Parquet, CSV or NDJSON file, or several by a pattern, such as 'lake/tables/quotes/*.parquet'.",
    });
  }
}

function readerOf(path: string): string {
  const file = textLiteral(path);
  if (/\.parquet$/i.test(path)) return `read_parquet(${file})`;
  if (/\.(csv|tsv)(\.gz)?$/i.test(path)) return `read_csv(${file}, parallel = false)`;
  if (/\.(json|ndjson|jsonl)(\.gz)?$/i.test(path)) return `read_json(${file})`;
  throw new PenstockError("invalid-argument", `${basename(path)} is of no known kind.`, {
    hint: "A sample ends in .parquet, .csv, .tsv, .ndjson, .jsonl or .json; the texts may be packed as .gz.",
  });
}

function tableName(named: string | undefined, path: string): string {
  return (named ?? basename(path).replace(/\..*$/, "")).toLowerCase().replace(/[^a-z0-9_]/g, "_");
}

interface FileColumn extends AdvisedColumn {
  /** The file's name of it. */
  readonly source: string;
}

function definedColumns(
  model: TableModel,
  found: ReadonlyMap<string, { readonly name: string }>,
  path: string,
): FileColumn[] {
  return model.columns.map(({ name, type, nullable, encode, path: [field = name] }) => {
    const source = found.get(name) ?? found.get(field.toLowerCase());
    if (source === undefined) {
      throw new PenstockError(
        "invalid-argument",
        `${basename(path)} has no column ${name} of the table ${model.name}.`,
        {
          hint: `It has ${[...found.values()].map((one) => one.name).join(", ")}.`,
        },
      );
    }
    const base = { name, type, nullable, source: source.name };
    return encode === undefined ? base : { ...base, encode: encode.toLowerCase() };
  });
}

async function guessedColumns(
  session: EngineSession,
  from: string,
  found: ReadonlyMap<string, { readonly name: string; readonly type: string }>,
): Promise<FileColumn[]> {
  const columns: FileColumn[] = [];
  for (const [name, { name: source, type: duckDb }] of found) {
    const column = quotedName(source);
    const whole = /^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/.test(duckDb);
    let facts: readonly unknown[] = [];
    await session.read(
      `SELECT count(*) FILTER (${column} IS NULL)::DOUBLE, max(strlen(CAST(${column} AS VARCHAR)))::DOUBLE,
        ${whole ? `min(${column})::DOUBLE, max(${column})::DOUBLE` : "0::DOUBLE, 0::DOUBLE"} FROM ${from}`,
      ([row]) => {
        facts = row ?? [];
      },
    );
    const [nulls, bytes, least, most] = facts.map(Number);
    columns.push({ name, source, type: typeFor(duckDb, bytes ?? 0, least ?? 0, most ?? 0), nullable: nulls !== 0 });
  }
  return columns;
}

const TEXT_BYTES = [8, 16, 32, 64, 128, 256, 512, 1024, 4096, 16_384, 65_535];

function typeFor(duckDb: string, bytes: number, least: number, most: number): SqlType {
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/.exec(duckDb);
  if (decimal !== null) return { kind: "decimal", precision: Number(decimal[1]), scale: Number(decimal[2]) };
  if (/INT/.test(duckDb) && !/\[|STRUCT|INTERVAL/.test(duckDb)) {
    if (least >= -32_768 && most <= 32_767) return { kind: "smallint" };
    if (least >= -(2 ** 31) && most < 2 ** 31) return { kind: "integer" };
    return most < 2 ** 63 && least >= -(2 ** 63) ? { kind: "bigint" } : { kind: "decimal", precision: 38, scale: 0 };
  }
  switch (duckDb) {
    case "BOOLEAN":
      return { kind: "boolean" };
    case "FLOAT":
      return { kind: "real" };
    case "DOUBLE":
      return { kind: "double" };
    case "DATE":
      return { kind: "date" };
    case "TIME":
      return { kind: "time" };
    case "TIMESTAMP WITH TIME ZONE":
      return { kind: "timestamptz" };
    case "BLOB":
      return { kind: "varbyte", length: 65_535 };
    default:
      if (duckDb.startsWith("TIMESTAMP")) return { kind: "timestamp" };
      if (/^(STRUCT|MAP|JSON|UNION)|\[\]$/.test(duckDb)) return { kind: "super" };
      return { kind: "varchar", length: TEXT_BYTES.find((length) => bytes <= length) ?? 65_535 };
  }
}
