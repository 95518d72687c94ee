/** Items of FROM: what every kind of them comes to. */
import { SQL_STATE, SqlError } from "../../sql-error.js";
import { quotedName } from "../../sql-text.js";
import type { TableAlias, TableRef } from "../../syntax/ast.js";
import type { RelationInfo } from "../bound.js";
import type { Binding, BindNested, NestedQuery, Surroundings } from "./binding.js";
import type { Source, SourceColumn } from "./names.js";

/** One item of a FROM in DuckDB's words, and what it makes visible. */
export interface FromItem {
  readonly sql: string;
  readonly sources: readonly Source[];
  /** In the order of a star. */
  readonly columns: readonly SourceColumn[];
}

/** What the binding of FROM needs everywhere. */
export interface FromScope {
  readonly binding: Binding;
  readonly surroundings: Surroundings;
  readonly bindNested: BindNested;
  /** Items to the left, which a path into a SUPER value may begin with. */
  readonly before: readonly FromItem[];
  /** Given where it is needed, so that each kind of item may hold others. */
  bindTableRef(ref: TableRef, scope: FromScope): FromItem;
}

/** `from t, t`: names that repeat could not be told apart. The same table of two schemas can, by its schema. */
export function refuseRepeatedNames(items: readonly FromItem[], ref: TableRef): void {
  const seen = new Set<string>();
  for (const source of items.flatMap((item) => item.sources)) {
    if (source.name === undefined) continue;
    const key = JSON.stringify([source.schema, source.name]);
    if (seen.has(key)) {
      throw new SqlError("42712", `table name "${source.name}" specified more than once`, {
        at: ref.at,
        hint: "Give one of them an alias.",
      });
    }
    seen.add(key);
  }
}

/** A table whose columns are DuckDB's own, read or written under `alias`. */
export function relationSource(
  relation: RelationInfo,
  sql: string,
  alias: string,
  named: {
    readonly alias: TableAlias | undefined;
    readonly name: string;
    readonly schema?: string;
    readonly at: number;
  },
): FromItem {
  const renamed = relation.columns.some((column) => LIKE_AN_ALIAS.test(column.name)) && sql !== "";
  const columns = relation.columns.map(
    (column, index): SourceColumn => ({
      name: column.name,
      sql: `${alias}.${renamed ? `k${index + 1}` : (column.sql ?? quotedName(column.name))}`,
      type: column.type,
      nullable: column.nullable,
      table: { schema: relation.schema, name: relation.name, oid: relation.oid, position: column.position },
      ...(column.hidden === true ? { hidden: true } : {}),
    }),
  );
  return namedItem(renamed ? `(SELECT ${renamings(relation)} FROM ${sql}) AS ${alias}` : sql, columns, named);
}

/** DuckDB takes an inner table's column `r1` for what `r1.x` of an outer table begins with: such columns get names that no alias has. */
const LIKE_AN_ALIAS = /^[rq]\d+$/i;

function renamings(relation: RelationInfo): string {
  return relation.columns
    .map((column, index) => `${column.sql ?? quotedName(column.name)} AS k${index + 1}`)
    .join(", ");
}

/** An item whose columns are named `c1`, `c2`, ... in DuckDB. */
export function sourceItem(
  sql: string,
  alias: string,
  columns: NestedQuery["columns"],
  named: {
    readonly alias: TableAlias | undefined;
    readonly name: string | undefined;
    readonly schema?: string;
    readonly at: number;
  },
): FromItem {
  return namedItem(
    sql,
    columns.map((column, index) => ({ ...column, sql: `${alias}.c${index + 1}` })),
    named,
  );
}

function namedItem(
  sql: string,
  columns: readonly SourceColumn[],
  named: {
    readonly alias: TableAlias | undefined;
    readonly name: string | undefined;
    readonly schema?: string;
    readonly at: number;
  },
): FromItem {
  const { alias, name, schema } = named;
  const renamed = alias?.columns === undefined ? columns : renamedColumns(columns, alias.name, alias.columns, named.at);
  const source: Source = {
    name: alias?.name ?? name,
    columns: renamed,
    ...(alias === undefined && schema !== undefined ? { schema } : {}),
    ...(alias !== undefined && name !== undefined && name !== alias.name ? { hiddenName: name } : {}),
  };
  return { sql, sources: [source], columns: renamed };
}

function renamedColumns(
  columns: readonly SourceColumn[],
  table: string,
  names: readonly string[],
  at: number,
): readonly SourceColumn[] {
  const shown = columns.filter((column) => column.hidden !== true);
  if (names.length > shown.length) {
    throw new SqlError(
      SQL_STATE.invalidColumnReference,
      `table "${table}" has ${shown.length} columns available but ${names.length} columns specified`,
      { at },
    );
  }
  const given = new Map(shown.slice(0, names.length).map((column, index) => [column, names[index]!]));
  return columns.map((column) => ({ ...column, name: given.get(column) ?? column.name }));
}

/** Behind an outer join every column may be NULL. */
export function madeNullable(item: FromItem): FromItem {
  const made = new Map<SourceColumn, SourceColumn>();
  const nullable = (column: SourceColumn): SourceColumn => {
    const known = made.get(column) ?? { ...column, nullable: true };
    made.set(column, known);
    return known;
  };
  return {
    sql: item.sql,
    sources: item.sources.map((source) => ({
      ...source,
      columns: source.columns.map(nullable),
      ...(source.element === undefined ? {} : { element: nullable(source.element) }),
    })),
    columns: item.columns.map(nullable),
  };
}
