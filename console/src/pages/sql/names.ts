/** What the editor can complete: the tables with their columns, and the functions, as the warehouse's own catalog has them. */
import type { QueryResult } from "../../../../src/warehouse/warehouse.ts";
import { post } from "../../api.ts";

export interface Names {
  /** Schema to table to columns. */
  readonly tables: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  readonly functions: readonly string[];
}

const ROWS_MAX = 50_000;

export async function readNames(signal: AbortSignal): Promise<Names> {
  const ask = (sql: string) => post<QueryResult>("query", { sql, rowsMax: ROWS_MAX }, signal);
  const [columns, functions] = await Promise.all([
    ask(
      "select table_schema, table_name, column_name from information_schema.columns order by table_schema, table_name, ordinal_position",
    ),
    ask("select distinct proname from pg_catalog.pg_proc order by 1"),
  ]);
  const tables: Record<string, Record<string, string[]>> = {};
  for (const [schema, table, column] of columns.rows.map((row) => row.map(String))) {
    const inSchema = tables[schema!] ?? {};
    const known = inSchema[table!] ?? [];
    known.push(column!);
    inSchema[table!] = known;
    tables[schema!] = inSchema;
  }
  return { tables, functions: functions.rows.map(([name]) => String(name)) };
}
