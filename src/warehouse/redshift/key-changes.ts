/**
 * Distribution, sort keys and encodings from one version of a definition to the next: what the definition says differently is altered, and nothing
 * else, so that what Redshift has chosen by itself, or somebody by hand, stays. Each is a statement by itself (Redshift runs them in no transaction block)
 * with a question that tells whether it has been done: an answer may have been lost.
 */
import type { ColumnModel, TableModel } from "../../definition/model.js";
import { name, text } from "./steps.js";

export interface KeyChange {
  readonly sql: string;
  /** One number; not 0 where the table is so already. */
  readonly unless: string;
}

/** Of the same table; `schema` and `target` are where its rows are. */
export function keyChanges(was: TableModel, is: TableModel, schema: string, target: string): readonly KeyChange[] {
  const alter = `ALTER TABLE ${name(schema)}.${name(target)} ALTER`;
  return [
    ...encodings(was, is, schema, target, alter),
    ...distribution(was, is, schema, target, alter),
    ...sorting(was, is, schema, target, alter),
  ];
}

type Way = readonly [was: TableModel, is: TableModel, schema: string, target: string, alter: string];

function encodings(...[was, is, schema, target, alter]: Way): KeyChange[] {
  const before = new Map(was.columns.map((column) => [column.name, column.encode]));
  // A column that has just been added has its encoding.
  const differ = is.columns.filter((column) => before.has(column.name) && before.get(column.name) !== column.encode);
  const named = differ.filter((column): column is ColumnModel & { encode: string } => column.encode !== undefined);
  if (named.length > 0) {
    return named.map((column) => ({
      sql: `${alter} COLUMN ${name(column.name)} ENCODE ${column.encode.toUpperCase()}`,
      // What the catalog calls RAW.
      unless: `SELECT COUNT(*) FROM pg_table_def WHERE ${of(schema, target)} AND "column" = ${text(column.name)} AND encoding IN (${text(column.encode)}${column.encode === "raw" ? ", 'none'" : ""})`,
    }));
  }
  // Redshift chooses for the whole table or not at all: a column that loses its encoding beside others that keep theirs stays as it is.
  if (differ.length === 0 || is.columns.some(({ encode }) => encode !== undefined)) return [];
  return [
    {
      sql: `${alter} ENCODE AUTO`,
      unless: `SELECT COUNT(*) FROM svv_table_info WHERE ${tableInfo(schema, target)} AND encoded LIKE '%AUTO%'`,
    },
  ];
}

/** As `pg_class` has them; AUTO by what Redshift has made of it as well. */
const STYLE_NUMBERS: Readonly<Record<TableModel["distStyle"], readonly number[]>> = {
  even: [0],
  key: [1],
  all: [8],
  auto: [9, 10, 11, 12],
};

function distribution(...[was, is, schema, target, alter]: Way): KeyChange[] {
  const { distKey, distStyle } = is;
  if (was.distKey === distKey && was.distStyle === distStyle) return [];
  if (distKey !== undefined) {
    return [
      {
        sql: `${alter} DISTSTYLE KEY DISTKEY ${name(distKey)}`,
        unless: `SELECT COUNT(*) FROM pg_table_def WHERE ${of(schema, target)} AND "column" = ${text(distKey)} AND distkey`,
      },
    ];
  }
  const numbers = STYLE_NUMBERS[distStyle].join(", ");
  return [
    {
      sql: `${alter} DISTSTYLE ${distStyle.toUpperCase()}`,
      unless: `SELECT COUNT(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = ${text(schema)} AND c.relname = ${text(target)} AND c.reldiststyle IN (${numbers})`,
    },
  ];
}

function sorting(...[was, is, schema, target, alter]: Way): KeyChange[] {
  const { sortKey } = is;
  if (was.sortKey?.style === sortKey?.style && was.sortKey?.columns.join("/") === sortKey?.columns.join("/")) return [];
  if (sortKey === undefined) {
    const unless = `SELECT COUNT(*) FROM svv_table_info WHERE ${tableInfo(schema, target)} AND sortkey1 LIKE 'AUTO%'`;
    return [{ sql: `${alter} SORTKEY AUTO`, unless }];
  }
  // An interleaved one is refused before anything is asked (src/definition/version.ts).
  const place = sortKey.columns.map((column, at) => `WHEN ${text(column)} THEN ${at + 1}`).join(" ");
  const right = `SUM(CASE WHEN sortkey = CASE "column" ${place} ELSE 0 END THEN 0 ELSE 1 END)`;
  return [
    {
      sql: `${alter} COMPOUND SORTKEY (${sortKey.columns.map(name).join(", ")})`,
      unless: `SELECT CASE WHEN ${right} = 0 THEN 1 ELSE 0 END FROM pg_table_def WHERE ${of(schema, target)}`,
    },
  ];
}

function of(schema: string, target: string): string {
  return `schemaname = ${text(schema)} AND tablename = ${text(target)}`;
}

function tableInfo(schema: string, target: string): string {
  return `"schema" = ${text(schema)} AND "table" = ${text(target)}`;
}
