import { SQL_STATE, SqlError } from "../../sql-error.js";
import { quotedName } from "../../sql-text.js";
import type { TableAlias, TableName, TableQuery, TableRef } from "../../syntax/ast.js";
import type { RelationInfo } from "../bound.js";
import type { Binding, BindNested, NestedQuery, Surroundings } from "./binding.js";
import { bindArrayIteration, bindObjectIteration } from "./iteration.js";
import { bindJoin } from "./join.js";
import { lookForColumn, newLevel, type Source, type SourceColumn } from "./level.js";
import { missingRelation } from "./name-errors.js";
import { refuseInnerRecursion } from "./nested.js";
import { bindPivot, bindUnpivot } from "./pivot.js";
import { bindTableFunction } from "./table-function.js";
import { isLeaderOnly, noteLeaderOnly } from "./unsupported.js";

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
}

export const NOTHING: FromItem = { sql: "", sources: [], columns: [] };

/** How deep views may be nested; what is deeper is most likely a view that reads itself by a detour. */
const VIEW_DEPTH_MAX = 64;

/** A whole FROM clause; `sql` is empty where there is none. */
export function bindFrom(refs: readonly TableRef[], scope: Omit<FromScope, "before">): FromItem {
  const items: FromItem[] = [];
  for (const ref of refs) {
    const item = bindTableRef(ref, { ...scope, before: items });
    refuseRepeatedNames([...items, item], ref);
    items.push(item);
  }
  return {
    sql: items.map((item) => item.sql).join(", "),
    sources: items.flatMap((item) => item.sources),
    columns: items.flatMap((item) => item.columns),
  };
}

export function bindTableRef(ref: TableRef, scope: FromScope): FromItem {
  switch (ref.kind) {
    case "table":
      return bindTableName(ref, scope);
    case "table-query":
      return bindTableQuery(ref, scope);
    case "join":
      return bindJoin(ref, scope);
    case "table-function":
      return bindTableFunction(ref, scope);
    case "pivot":
      return bindPivot(ref, scope);
    case "unpivot":
      return bindUnpivot(ref, scope);
    case "object-unpivot":
      return bindObjectIteration(ref, scope);
  }
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

function bindTableName(ref: TableName, scope: FromScope): FromItem {
  const { parts } = ref.name;
  const [first = ""] = parts;
  const left = scope.before.flatMap((item) => item.sources);
  const isPath =
    ref.path !== undefined ||
    ref.atAlias !== undefined ||
    left.some((source) => source.name === first && (parts.length > 1 || source.element !== undefined));
  if (isPath) return bindArrayIteration(ref, scope);
  const common = parts.length === 1 ? scope.surroundings.commonTables.get(first) : undefined;
  if (common !== undefined) {
    const alias = scope.binding.alias("r");
    return sourceItem(`${common.sql} AS ${alias}`, alias, common.columns, {
      alias: ref.alias,
      name: first,
      at: ref.at,
    });
  }
  const relation = scope.binding.context.relation(ref.name);
  if (relation === undefined) {
    if (meansSuper(parts, scope)) return bindArrayIteration(ref, scope);
    throw missingRelation(ref.name);
  }
  scope.binding.watcher?.relation(ref.name, relation);
  return bindRelation(relation, ref, scope);
}

/** A path without the table's name before it, or one into a row of a query around this one. */
function meansSuper(parts: readonly string[], scope: FromScope): boolean {
  const level = newLevel({
    sources: scope.before.flatMap((item) => item.sources),
    columns: scope.before.flatMap((item) => item.columns),
    outer: scope.surroundings.outer,
    commonTables: scope.surroundings.commonTables,
  });
  return lookForColumn(level, parts, 0)?.column.type.kind === "super";
}

export function bindRelation(
  relation: RelationInfo,
  ref: { readonly alias?: TableAlias; readonly at: number },
  scope: Pick<FromScope, "binding" | "bindNested">,
): FromItem {
  const { binding } = scope;
  binding.reads.add(relation);
  if (isLeaderOnly(relation)) noteLeaderOnly(binding, `${relation.schema}.${relation.name}`, ref.at);
  const alias = binding.alias("r");
  const named = { alias: ref.alias, name: relation.name, schema: relation.schema, at: ref.at };
  if (relation.view !== undefined) {
    const bound = bindView(relation, relation.view.query, scope, ref.at);
    return sourceItem(`(${bound.sql}) AS ${alias}`, alias, viewColumns(relation, bound), named);
  }
  if (relation.from === undefined) {
    throw new SqlError(SQL_STATE.wrongObjectType, `"${relation.name}" cannot be read`, { at: ref.at });
  }
  return relationSource(relation, `${relation.from} AS ${alias}`, alias, named);
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

function bindView(
  relation: RelationInfo,
  query: TableQuery["query"],
  scope: Pick<FromScope, "binding" | "bindNested">,
  at: number,
): NestedQuery {
  const { binding } = scope;
  if (binding.views.includes(relation) || binding.views.length >= VIEW_DEPTH_MAX) {
    throw new SqlError("42P17", `infinite recursion detected in rules for relation "${relation.name}"`, {
      at,
      detail: `Views on the way: ${[...binding.views, relation]
        .map((view) => `${view.schema}.${view.name}`)
        .slice(-8)
        .join(", ")}.`,
    });
  }
  const { watcher: _unseen, ...inside } = binding;
  return scope.bindNested(
    query,
    { ...inside, views: [...binding.views, relation] },
    { commonTables: new Map(), outer: undefined },
  );
}

/** A view's columns are the relation's own, under the names that it was given. */
function viewColumns(relation: RelationInfo, bound: NestedQuery): NestedQuery["columns"] {
  const declared = relation.columns.length === bound.columns.length ? relation.columns : undefined;
  return bound.columns.map((column, index) => {
    const own = declared?.[index];
    return {
      name: own?.name ?? column.name,
      type: column.type,
      nullable: column.nullable,
      table: { schema: relation.schema, name: relation.name, oid: relation.oid, position: own?.position ?? index + 1 },
    };
  });
}

function bindTableQuery(ref: TableQuery, scope: FromScope): FromItem {
  if (ref.lateral) {
    throw new SqlError(SQL_STATE.featureNotSupported, "LATERAL is not supported", {
      at: ref.at,
      hint: "Join a subquery that does not name the tables beside it.",
    });
  }
  refuseInnerRecursion(ref.query);
  const bound = scope.bindNested(ref.query, scope.binding, scope.surroundings);
  const alias = scope.binding.alias("r");
  return sourceItem(`(${bound.sql}) AS ${alias}`, alias, bound.columns, {
    alias: ref.alias,
    name: undefined,
    at: ref.at,
  });
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
