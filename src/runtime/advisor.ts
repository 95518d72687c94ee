/** The advisor over what runs in this process: samples of the lake or the warehouse, and the log of queries. */

import { adviseTable } from "../advisor/advise.js";
import type { AdvisedColumn, AdvisedTable, TableSample } from "../advisor/advised-table.js";
import type { MeasureTools } from "../advisor/measure.js";
import type { ColumnsOf, LoggedStatement } from "../advisor/query-uses.js";
import { countRows, readColumn, type SampleReader, tableSample, withinMemory } from "../advisor/read-sample.js";
import type { AdviseBody, TableAdvice } from "../api/control/contract.js";
import { PenstockError } from "../core/errors.js";
import { METADATA_COLUMNS, type PipelineModel, type TableModel } from "../definition/model.js";
import type { Delivery } from "../delivery/delivery.js";
import type { LakeObject } from "../delivery/flush.js";
import type { SqlSession, SqlValue } from "../redshift/database.js";
import type { SqlEngine } from "../redshift/engine/open.js";
import { isSqlError } from "../redshift/sql-error.js";
import { quotedName } from "../redshift/sql-text.js";
import { parseStatements } from "../redshift/syntax/parse.js";
import { localObject, selectFrom } from "../warehouse/duckdb/lake-source.js";
import { ADVISOR_APPLICATION, type QueryEvidence } from "./query-evidence.js";
import type { Stores } from "./stores.js";

export interface AdvisorParts {
  readonly model: PipelineModel;
  readonly stores: Pick<Stores, "engine" | "lake" | "warehouse" | "versions" | "clock">;
  readonly sql: SqlEngine;
  readonly evidence: QueryEvidence;
  readonly objects: (table: string) => Promise<LakeObjects>;
  readonly tools: MeasureTools;
}

/** Objects of a table's rows, of all ages, oldest first; `rowsTotal` are those of all objects, these and others. */
export interface LakeObjects {
  readonly objects: readonly LakeObject[];
  readonly rowsTotal: number;
}

const SAMPLE_ROWS_DEFAULT = 50_000;
const SLICES_DEFAULT = 16;
/** Zone maps and slices show nothing on a table that is as small as a first day's. */
const EXPECTED_ROWS_DEFAULT = 100_000_000;
/** Objects that a sample is taken from: some, so that it is of all ages; not too many, since each is a file to open. */
const LAKE_STRETCHES = 8;
const LAKE_OBJECTS_MAX = 256;
/** Each file has a thousand flushes. */
const FLUSH_FILES_MAX = 16;
/** Every object that one statement reads takes memory of its own. */
const OBJECTS_A_STATEMENT = 16;

export async function objectsOfAllAges(delivery: Pick<Delivery, "spread" | "state">): Promise<LakeObjects> {
  const objects: LakeObject[] = [];
  for await (const flush of delivery.spread(FLUSH_FILES_MAX)) {
    objects.push(...flush.objects.filter(({ kind }) => kind === "rows"));
  }
  const seen = objects.reduce((sum, object) => sum + object.rows, 0);
  return { objects, rowsTotal: Math.max(seen, delivery.state().totals.rows) };
}

export async function advise(parts: AdvisorParts, body: AdviseBody): Promise<TableAdvice> {
  const { sql, stores } = parts;
  const { schema, name } = qualified(body.table);
  const session = await sql.connect({
    user: sql.name,
    database: sql.name,
    applicationName: ADVISOR_APPLICATION,
    remote: "control",
    readOnly: true,
  });
  try {
    const model = schema === "public" ? parts.model.tables.find((one) => one.name === name) : undefined;
    const table = model === undefined ? await storedTable(session, schema, name) : definedTable(model);
    const common = {
      table,
      statements: statementsFor(parts, body),
      columnsOf: await columnsByName(session),
      slices: body.slices ?? SLICES_DEFAULT,
      tools: parts.tools,
    };
    const rows = body.rows ?? SAMPLE_ROWS_DEFAULT;
    const run = (sample: TableSample) => {
      const expectedRows = body.expectedRows ?? Math.max(EXPECTED_ROWS_DEFAULT, sample.rowsTotal);
      return adviseTable({ ...common, sample, expectedRows });
    };
    const found = model === undefined ? undefined : await parts.objects(name);
    if (model !== undefined && found !== undefined && found.objects.length > 0) {
      return await withLakeSample(stores, model, found, rows, run);
    }
    return await withTableSample(stores, table, rows, run);
  } finally {
    await session.close();
  }
}

function qualified(table: string): { readonly schema: string; readonly name: string } {
  const parts = table.toLowerCase().split(".");
  return { schema: parts.at(-2) ?? "public", name: parts.at(-1) ?? "" };
}

function definedTable(model: TableModel): AdvisedTable {
  return {
    schema: "public",
    name: model.name,
    columns: model.columns.map(({ name, type, nullable, encode }) => ({
      name,
      type,
      nullable,
      ...(encode === undefined ? {} : { encode: encode.toLowerCase() }),
    })),
    distStyle: model.distKey === undefined ? model.distStyle : "key",
    ...(model.distKey === undefined ? {} : { distKey: model.distKey }),
    ...(model.sortKey === undefined ? {} : { sortKey: model.sortKey }),
    model,
    exists: true,
  };
}

/** A table that somebody made by SQL: as SHOW TABLE tells it. */
async function storedTable(session: SqlSession, schema: string, name: string): Promise<AdvisedTable> {
  const target = `${quotedName(schema)}.${quotedName(name)}`;
  try {
    const [statement] = session.parse(`SELECT * FROM ${target}`);
    const { columns = [] } = await session.prepare(statement!);
    const [[ddl] = []] = await rowsOf(session, `SHOW TABLE ${target}`);
    const made = parseStatements(String(ddl))[0]?.statement;
    if (made?.kind !== "create-table") throw new PenstockError("refused", `${schema}.${name} is no table.`);
    const encodings = new Map(
      made.elements.map((one) => (one.element === "column" ? [one.name, one.encode] : ["", undefined])),
    );
    const { distStyle = "auto", distKey, sortKey } = made.attributes;
    const key =
      distKey ?? made.elements.flatMap((one) => (one.element === "column" && one.distKey ? [one.name] : []))[0];
    return {
      schema,
      name,
      columns: columns.map((column): AdvisedColumn => {
        const encode = encodings.get(column.name);
        const base = { name: column.name, type: column.type, nullable: column.nullable ?? true };
        return encode === undefined ? base : { ...base, encode: encode.toLowerCase() };
      }),
      distStyle: key === undefined ? distStyle : "key",
      ...(key === undefined ? {} : { distKey: key }),
      ...(sortKey !== undefined && "columns" in sortKey ? { sortKey } : {}),
      exists: true,
    };
  } catch (error) {
    if (!isSqlError(error)) throw error;
    throw new PenstockError("not-found", `There is no table ${schema}.${name} to advise on.`, {
      cause: error,
      hint: "Name one of the definition's, or one that was made by SQL; `penstock status` shows the former, SVV_TABLES all of them.",
    });
  }
}

/** Objects of all ages, from each the first rows, as many as come to the sample together. */
async function withLakeSample<T>(
  { engine, lake, versions }: AdvisorParts["stores"],
  table: TableModel,
  { objects, rowsTotal }: LakeObjects,
  rows: number,
  work: (sample: TableSample) => Promise<T>,
): Promise<T> {
  const seen = objects.reduce((sum, object) => sum + object.rows, 0);
  const chosen = spreadEvenly(objects, Math.max(LAKE_STRETCHES, Math.ceil((rows * objects.length) / seen)));
  const each = Math.ceil(rows / chosen.length);
  const selects = chosen.map((object) => {
    const local = localObject(lake, object, table);
    const written = versions.get(object.schemaVersion).model.tables.find(({ name }) => name === table.name) ?? table;
    const group = { format: local.format, objects: [local], columns: METADATA_COLUMNS.length + written.columns.length };
    return `(SELECT * FROM (${selectFrom(table, group, false)}) LIMIT ${each})`;
  });
  return engine.session(async (session) => {
    for (let at = 0; at < selects.length; at += OBJECTS_A_STATEMENT) {
      const some = selects.slice(at, at + OBJECTS_A_STATEMENT).join(" UNION ALL ");
      await session.run(at === 0 ? `CREATE TEMP TABLE penstock_rows AS ${some}` : `INSERT INTO penstock_rows ${some}`);
    }
    const [shard, sequence, row, arrived] = METADATA_COLUMNS.map((name) => quotedName(name));
    await session.run(
      `CREATE TEMP TABLE penstock_sample AS SELECT row_number() OVER (ORDER BY ${arrived}, ${shard}, ${sequence}, ${row}) AS penstock_row, *
         FROM penstock_rows`,
    );
    await session.run("DROP TABLE penstock_rows");
    const sample = { from: "penstock_sample", order: "penstock_row" };
    const relation = await withinMemory(session, sample, table.columns);
    return work({ from: "lake", rowsTotal, column: (column) => readColumn(session, relation, column) });
  });
}

function spreadEvenly<T>(items: readonly T[], wanted: number): readonly T[] {
  const count = Math.min(wanted, items.length, LAKE_OBJECTS_MAX);
  if (count === items.length) return items;
  return Array.from(
    { length: count },
    (_, index) => items[Math.floor((index * (items.length - 1)) / Math.max(1, count - 1))]!,
  );
}

async function withTableSample<T>(
  { warehouse }: AdvisorParts["stores"],
  table: AdvisedTable,
  rows: number,
  work: (sample: TableSample) => Promise<T>,
): Promise<T> {
  const { instance, gate } = warehouse.engine;
  const connection = await gate(() => instance.connect());
  const reader: SampleReader = {
    async read(statement, onRows) {
      const result = await gate(() => connection.stream(statement));
      for (;;) {
        const chunk = await gate(() => result.fetchChunk());
        if (chunk === null || chunk.rowCount === 0) return;
        onRows(chunk.getRows());
      }
    },
  };
  try {
    // Every column must be of the same rows, whatever is loaded meanwhile.
    await gate(() => connection.run("BEGIN TRANSACTION READ ONLY"));
    const schema = table.schema === "public" ? "main" : quotedName(table.schema);
    const from = `${schema}.${quotedName(table.name)}`;
    const counted = await countRows(reader, from);
    if (counted.rows === 0) {
      throw new PenstockError("refused", `The table ${table.name} has no rows yet, and the lake no objects of it.`, {
        hint: "Put some records in, or give a file of them: `penstock advise --sample FILE`.",
      });
    }
    const relation = await withinMemory(reader, tableSample(from, counted.rowsEver, rows), table.columns);
    return await work({
      from: "table",
      rowsTotal: counted.rows,
      column: (column) => readColumn(reader, relation, column),
    });
  } finally {
    connection.closeSync();
  }
}

/** Those of the log that succeeded, those of the definition's charts, and those that the asker gave. */
export function statementsFor({ evidence, model, stores }: AdvisorParts, body: AdviseBody): LoggedStatement[] {
  const atMs = stores.clock.now();
  const found = new Map(evidence.statements().map((one) => [one.sql, one]));
  const add = (text: string, ranAtMs: number) => {
    const key = text.trim();
    const known = found.get(key);
    found.set(key, { sql: key, count: (known?.count ?? 0) + 1, atMs: Math.max(known?.atMs ?? 0, ranAtMs) });
  };
  for (const chart of model.charts ?? []) if (!found.has(chart.sql.trim())) add(chart.sql, atMs);
  for (const statement of body.statements ?? []) add(statement, atMs);
  return [...found.values()];
}

async function columnsByName(session: SqlSession): Promise<ColumnsOf> {
  const columns = new Map<string, string[]>();
  const rows = await rowsOf(session, "SELECT table_schema, table_name, column_name FROM information_schema.columns");
  for (const [schema, table, column] of rows) {
    for (const key of [`${schema}.${table}`, ...(schema === "public" ? [String(table)] : [])]) {
      const known = columns.get(key);
      if (known === undefined) columns.set(key, [String(column)]);
      else known.push(String(column));
    }
  }
  return (parts) => columns.get(parts.slice(-2).join("."));
}

async function rowsOf(session: SqlSession, text: string): Promise<(readonly SqlValue[])[]> {
  const found: (readonly SqlValue[])[] = [];
  const [statement] = session.parse(text);
  const result = await session.execute(await session.prepare(statement!));
  for await (const chunk of result.rows) found.push(...chunk);
  return found;
}
