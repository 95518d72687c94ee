/**
 * System relations as text, one column a line: `name type = DuckDB's expression`; without an expression the column is NULL. A line of nothing but
 * names and types may hold several, with commas. `~` makes a column that `SELECT *` leaves out.
 */
import { quotedName } from "../sql-text.js";
import type { SqlType } from "../types.js";
import { duckDbType } from "../types-duckdb.js";

export interface SystemRelation {
  readonly schema: "pg_catalog" | "information_schema";
  readonly name: string;
  readonly columns: readonly SystemColumn[];
  /** What follows FROM in DuckDB's words; undefined for one that never has rows here. */
  readonly from: string | undefined;
}

export interface SystemColumn {
  readonly name: string;
  readonly type: SqlType;
  readonly hidden: boolean;
  readonly expression: string | undefined;
}

/** `name` with its schema, which is `pg_catalog` where none is given. */
export function relation(name: string, spec: string, from?: string): SystemRelation {
  const [schema, own] = name.includes(".") ? name.split(".") : ["pg_catalog", name];
  return {
    schema: schema === "information_schema" ? schema : "pg_catalog",
    name: own ?? name,
    columns: columnsOf(spec, name),
    from,
  };
}

function columnsOf(spec: string, relationName: string): readonly SystemColumn[] {
  const columns: SystemColumn[] = [];
  for (const line of spec.split("\n").map((one) => one.trim())) {
    if (line === "") continue;
    const equals = line.indexOf(" = ");
    const expression = equals === -1 ? undefined : line.slice(equals + 3);
    const declared = equals === -1 ? line.split(/,(?![^(]*\))/) : [line.slice(0, equals)];
    for (const one of declared.map((text) => text.trim())) {
      if (one === "") continue;
      const parts = /^(~?)(\S+)\s+(.+)$/.exec(one);
      const type = parts === null ? undefined : typeOf(parts[3]!);
      if (parts === null || type === undefined) throw new Error(`no column of ${relationName}: ${one}`);
      columns.push({ name: parts[2]!, type, hidden: parts[1] === "~", expression });
    }
  }
  return columns;
}

function typeOf(text: string): SqlType | undefined {
  if (text.endsWith("[]")) {
    const of = typeOf(text.slice(0, -2));
    return of === undefined ? undefined : { kind: "array", of };
  }
  const vector = { int2vector: "smallint", oidvector: "oid" }[text];
  if (vector !== undefined) return { kind: "array", of: { kind: vector } as SqlType, vector: true };
  const sized = /^(char|varchar)\((\d+)\)$/.exec(text);
  if (sized !== null) return { kind: sized[1] as "char" | "varchar", length: Number(sized[2]) };
  const decimal = /^numeric\((\d+),\s*(\d+)\)$/.exec(text);
  if (decimal !== null) return { kind: "decimal", precision: Number(decimal[1]), scale: Number(decimal[2]) };
  return PLAIN.has(text) ? ({ kind: text } as SqlType) : undefined;
}

const PLAIN: ReadonlySet<string> = new Set(
  "smallint integer bigint real double boolean date timestamp timestamptz oid name text char1 regproc regclass regtype xid super".split(
    " ",
  ),
);

/** DuckDB's query for its rows, each column of its own type. */
export function relationQuery({ columns, from }: SystemRelation): string {
  const items = columns.map(
    ({ name, type, expression = "NULL" }) => `CAST(${expression} AS ${duckDbType(type)}) AS ${quotedName(name)}`,
  );
  return `SELECT ${items.join(", ")}${from === undefined ? " WHERE FALSE" : ` FROM ${from}`}`;
}
