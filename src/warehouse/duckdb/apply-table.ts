import { PenstockError } from "../../core/errors.js";
import { type ColumnModel, METADATA_COLUMNS, type TableModel } from "../../definition/model.js";
import { mappingOf } from "../../definition/types.js";
import { loadCatalog } from "../../redshift/catalog/load.js";
import { pipelineRelation } from "../../redshift/catalog/pipeline-table.js";
import { storeRelation } from "../../redshift/catalog/write.js";
import type { WarehouseColumn } from "../warehouse.js";
import type { Session } from "./session.js";
import { identifier, text } from "./sql-text.js";

export const METADATA_TYPES: Readonly<Record<(typeof METADATA_COLUMNS)[number], string>> = {
  _shard_id: "VARCHAR",
  _sequence_number: "BIGINT",
  _row_index: "INTEGER",
  _arrived_at: "TIMESTAMP WITH TIME ZONE",
};

/** A column as the engine should have it; the type is spelled as the engine's catalog spells it. */
export interface WantedColumn {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
  readonly declared: string;
  readonly default?: string;
}

/** The metadata columns, then the table's own. */
export function wantedColumns(table: TableModel): readonly WantedColumn[] {
  const metadata = METADATA_COLUMNS.map((name) => ({
    name,
    type: METADATA_TYPES[name],
    nullable: true,
    declared: METADATA_TYPES[name].replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ"),
  }));
  return [...metadata, ...table.columns.map(wantedColumn)];
}

function wantedColumn(column: ColumnModel): WantedColumn {
  const mapping = mappingOf(column.type);
  return {
    name: column.name,
    type: catalogType(mapping.duckdb),
    nullable: column.nullable,
    declared: mapping.redshift,
    ...(column.default === undefined ? {} : { default: defaultText(column.default) }),
  };
}

export function catalogType(type: string): string {
  return type === "TIMESTAMPTZ" ? "TIMESTAMP WITH TIME ZONE" : type;
}

function defaultText(value: string | number | boolean): string {
  return typeof value === "string" ? text(value) : String(value);
}

/** The columns as they stand; undefined when there is no such table. */
export async function describeTable(session: Session, name: string): Promise<WarehouseColumn[] | undefined> {
  const result = await session.run(
    `SELECT column_name, data_type, is_nullable FROM duckdb_columns()
     WHERE database_name = current_database() AND schema_name = 'main' AND table_name = $1
       AND table_oid IN (SELECT table_oid FROM duckdb_tables()) ORDER BY column_index`,
    [name],
  );
  const rows = await result.getRows();
  if (rows.length === 0) return undefined;
  return rows.map(([column, type, nullable]) => ({
    name: String(column),
    type: String(type),
    nullable: nullable === true,
  }));
}

/**
 * Makes the table, or adds the columns it lacks at the end; to be called inside a transaction. Everything is compared before anything is
 * touched, and all that differs is named at once.
 */
export async function applyTable(
  session: Session,
  table: TableModel,
  { target, nowMs }: { readonly target: string; readonly nowMs: number },
): Promise<void> {
  const wanted = wantedColumns(table);
  const present = await describeTable(session, target);
  if (present === undefined) {
    // PRIMARY KEY and UNIQUE are never made: Redshift takes them and does not enforce them, so neither must this.
    await session.run(`CREATE TABLE main.${identifier(target)} (${wanted.map(columnText).join(", ")})`);
  } else {
    const declared = await declaredTypes(session, target);
    const differences = compare(target, present, wanted, declared);
    if (differences.length > 0) {
      throw new PenstockError(
        "incompatible-schema",
        `The table "${target}" in the warehouse is not what the definition says: ${differences.join("; ")}.`,
        {
          hint: "Nothing was changed. Undo that part of the definition, or define the table under a new name and replay the stream into it.",
        },
      );
    }
    for (const column of wanted.slice(present.length)) {
      const name = identifier(column.name);
      const byDefault = column.default === undefined ? "" : ` DEFAULT ${column.default}`;
      await session.run(`ALTER TABLE main.${identifier(target)} ADD COLUMN ${name} ${column.type}${byDefault}`);
      if (!column.nullable)
        await session.run(`ALTER TABLE main.${identifier(target)} ALTER COLUMN ${name} SET NOT NULL`);
    }
  }
  await keepDeclaration(session, target, wanted);
  await keepInCatalog(session, table, target, nowMs);
}

/** For SQL from outside, which knows the tables as Redshift would. */
async function keepInCatalog(session: Session, table: TableModel, target: string, nowMs: number): Promise<void> {
  const read = async (sql: string) => (await session.run(sql)).getRows();
  const known = (await loadCatalog(read, 0)).relation("public", target);
  const oid = known?.oid ?? Number((await read("SELECT nextval('penstock_catalog.oids')::INTEGER"))[0]?.[0]);
  await session.run(storeRelation(pipelineRelation(table, { target, known, oid, owner: "penstock", nowMs })));
}

function columnText(column: WantedColumn): string {
  return [
    identifier(column.name),
    column.type,
    ...(column.nullable ? [] : ["NOT NULL"]),
    ...(column.default === undefined ? [] : [`DEFAULT ${column.default}`]),
  ].join(" ");
}

/** What lies in the way of turning `present` into `wanted`, in plain words; [] when only columns at the end are to be added. */
function compare(
  target: string,
  present: readonly WarehouseColumn[],
  wanted: readonly WantedColumn[],
  declared: ReadonlyMap<string, string>,
): string[] {
  const differences: string[] = [];
  present.forEach((has, index) => {
    const want = wanted[index];
    if (want === undefined) {
      differences.push(`it has a column "${has.name}" (${has.type}) that the definition has not`);
    } else if (want.name !== has.name) {
      differences.push(
        `its column ${index + 1} is "${has.name}" (${has.type}), the definition's is "${want.name}" (${want.declared})`,
      );
    } else if (!sameType(has, want, declared.get(has.name))) {
      differences.push(
        `column "${has.name}" is ${declared.get(has.name) ?? has.type} there and ${want.declared} in the definition`,
      );
    } else if (has.nullable !== want.nullable) {
      const may = (nullable: boolean) => (nullable ? "may be NULL" : "is NOT NULL");
      differences.push(`column "${has.name}" ${may(has.nullable)} there and ${may(want.nullable)} in the definition`);
    }
  });
  for (const column of wanted.slice(present.length)) {
    if (!column.nullable && column.default === undefined) {
      differences.push(
        `the new column "${column.name}" is NOT NULL and has no default, so the rows that "${target}" has already could not hold it`,
      );
    }
  }
  return differences;
}

/** A longer VARCHAR is the one change of a type that Redshift makes in place. */
function sameType(has: WarehouseColumn, want: WantedColumn, declared: string | undefined): boolean {
  if (has.type !== want.type) return false;
  if (declared === undefined || declared === want.declared) return true;
  const length = (type: string) => Number(/^VARCHAR\((\d+)\)$/.exec(type)?.[1] ?? Number.NaN);
  return length(want.declared) >= length(declared);
}

async function declaredTypes(session: Session, target: string): Promise<ReadonlyMap<string, string>> {
  const result = await session.run("SELECT column_name, declared_type FROM penstock.columns WHERE table_name = $1", [
    target,
  ]);
  return new Map((await result.getRows()).map(([name, type]) => [String(name), String(type)]));
}

async function keepDeclaration(session: Session, target: string, wanted: readonly WantedColumn[]): Promise<void> {
  await session.run("DELETE FROM penstock.columns WHERE table_name = $1", [target]);
  const rows = wanted.map((column, position) =>
    [
      text(target),
      position,
      text(column.name),
      text(column.declared),
      column.nullable,
      column.default === undefined ? "NULL" : text(column.default),
    ].join(", "),
  );
  await session.run(`INSERT INTO penstock.columns VALUES (${rows.join("), (")})`);
}
