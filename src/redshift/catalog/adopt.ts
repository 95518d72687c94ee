/** Tables that DuckDB has and the catalog has not: those of older files, and Penstock's own. */
import { textLiteral } from "../sql-text.js";
import { type SqlType, VARCHAR_BYTES_MAX } from "../types.js";
import type { ReadRows } from "./load.js";
import type { Snapshot } from "./snapshot.js";
import type { StoredColumn, StoredKind, StoredRelation, StoredSchema } from "./stored.js";
import { storeRelation, storeSchema } from "./write.js";

/** Never shown to users. */
const OWN_SCHEMAS: ReadonlySet<string> = new Set(["penstock_catalog", "information_schema", "pg_catalog"]);

/** The statements that bring them into the catalog; [] where nothing is missing. */
export async function adoptedObjects(
  read: ReadRows,
  snapshot: Snapshot,
  { owner, nowMs }: { readonly owner: string; readonly nowMs: number },
): Promise<readonly string[]> {
  const found = await tablesOfEngine(read);
  const statements: string[] = [];
  const newOid = async () => Number((await read("SELECT nextval('penstock_catalog.oids')::INTEGER"))[0]?.[0]);
  const schemas = new Set(snapshot.schemas.keys());
  for (const table of found) {
    if (!schemas.has(table.schema)) {
      const schema: StoredSchema = { oid: await newOid(), name: table.schema, owner, createdAtMs: nowMs };
      statements.push(storeSchema(schema));
      schemas.add(table.schema);
    }
    const known = snapshot.relation(table.schema, table.name);
    // What users made is as the catalog says; Penstock's own tables are as the engine says, for they change with the program.
    if (known !== undefined && (table.schema !== "penstock" || sameColumns(known.columns, table.columns))) continue;
    const relation: StoredRelation = {
      oid: known?.oid ?? (await newOid()),
      schema: table.schema,
      name: table.name,
      kind: table.kind,
      owner,
      distStyle: "auto",
      sortStyle: "auto",
      encodeAuto: true,
      backup: true,
      lateBinding: false,
      autoRefresh: false,
      createdAtMs: known?.createdAtMs ?? nowMs,
      changedAtMs: nowMs,
      columns: table.columns,
      constraints: known?.constraints ?? [],
      reads: [],
    };
    statements.push(storeRelation(relation));
  }
  return statements;
}

interface EngineTable {
  readonly schema: string;
  readonly name: string;
  readonly kind: StoredKind;
  readonly columns: readonly StoredColumn[];
}

async function tablesOfEngine(read: ReadRows): Promise<readonly EngineTable[]> {
  const tables = new Map<string, EngineTable & { readonly columns: StoredColumn[] }>();
  const hidden = [...OWN_SCHEMAS].map(textLiteral).join(", ");
  const rows =
    await read(`SELECT c.schema_name, c.table_name, t.table_name IS NULL, c.column_name, c.data_type, c.is_nullable, c.column_index
    FROM duckdb_columns() AS c LEFT JOIN duckdb_tables() AS t ON t.table_oid = c.table_oid AND t.database_name = c.database_name
    WHERE c.database_name = current_database() AND NOT c.internal AND c.schema_name NOT IN (${hidden})
    ORDER BY c.schema_name, c.table_name, c.column_index`);
  for (const [inSchema, table, isView, column, type, nullable, index] of rows) {
    const schema = inSchema === "main" ? "public" : String(inSchema);
    // A view in DuckDB's words cannot be read by ours, but for those that Penstock made.
    if (isView === true && schema !== "penstock") continue;
    const key = `${schema}\0${table}`;
    const found = tables.get(key) ?? {
      schema,
      name: String(table),
      kind: isView === true ? ("view" as const) : ("table" as const),
      columns: [],
    };
    tables.set(key, found);
    const known = sqlTypeOf(String(type));
    if (known === undefined) continue;
    found.columns.push({
      position: Number(index),
      name: String(column),
      type: known,
      notNull: nullable !== true,
      distKey: false,
    });
  }
  return [...tables.values()];
}

function sameColumns(a: readonly StoredColumn[], b: readonly StoredColumn[]): boolean {
  const shape = (columns: readonly StoredColumn[]) =>
    JSON.stringify(columns.map(({ name, type, notNull, position }) => [name, type, notNull, position]));
  return shape(a) === shape(b);
}

const PLAIN: Readonly<Record<string, SqlType>> = {
  TINYINT: { kind: "smallint" },
  UTINYINT: { kind: "smallint" },
  SMALLINT: { kind: "smallint" },
  USMALLINT: { kind: "integer" },
  INTEGER: { kind: "integer" },
  UINTEGER: { kind: "bigint" },
  BIGINT: { kind: "bigint" },
  UBIGINT: { kind: "decimal", precision: 20, scale: 0 },
  HUGEINT: { kind: "decimal", precision: 38, scale: 0 },
  FLOAT: { kind: "real" },
  DOUBLE: { kind: "double" },
  BOOLEAN: { kind: "boolean" },
  VARCHAR: { kind: "varchar", length: VARCHAR_BYTES_MAX },
  BLOB: { kind: "varbyte", length: 1_024_000 },
  DATE: { kind: "date" },
  TIME: { kind: "time" },
  "TIME WITH TIME ZONE": { kind: "timetz" },
  TIMESTAMP: { kind: "timestamp" },
  "TIMESTAMP WITH TIME ZONE": { kind: "timestamptz" },
  INTERVAL: { kind: "interval-day-second" },
  JSON: { kind: "super" },
};

/** Redshift's type for one of DuckDB's; undefined where there is none: such a column is not shown. */
export function sqlTypeOf(type: string): SqlType | undefined {
  const decimal = /^DECIMAL\((\d+),\s*(\d+)\)$/.exec(type);
  if (decimal !== null) return { kind: "decimal", precision: Number(decimal[1]), scale: Number(decimal[2]) };
  return PLAIN[type];
}
