/** One level of names: what the FROM of one query makes visible, and behind it the queries around. */
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { Query } from "../../syntax/ast.js";
import type { SqlType } from "../../types.js";
import type { BoundExpression, BoundQuery, Scope } from "../bound.js";
import type { Binding } from "./binding.js";
import { ambiguousColumn, invalidReference, missingColumn, missingTable } from "./name-errors.js";
import type { AliasedItem, Level, Source, SourceColumn } from "./names.js";

export function newLevel(from: Pick<Level, "sources" | "columns" | "outer" | "commonTables">): Level {
  return {
    sources: from.sources,
    columns: from.columns,
    outer: from.outer,
    commonTables: from.commonTables,
    aliases: new Map(),
    correlation: {},
  };
}

export interface FoundColumn {
  readonly column: BoundExpression;
  readonly rest: readonly string[];
  /** The select item whose alias was meant. */
  readonly alias?: AliasedItem;
  /** Of a query around this one. */
  readonly outer: boolean;
}

export function findColumn(level: Level, parts: readonly string[], at: number): FoundColumn {
  for (let here: Level | undefined = level; here !== undefined; here = here.outer) {
    const found = findHere(here, parts, at);
    if (found === undefined) continue;
    if (here !== level) {
      here.correlation.insideAt ??= at;
      level.correlation.outsideAt ??= at;
      if (here !== level.outer) level.correlation.skippedAt ??= at;
    }
    return { ...found, outer: here !== level };
  }
  throw notFound(level, parts, at);
}

/** The same, undefined where nothing of that name is there. */
export function lookForColumn(level: Level, parts: readonly string[], at: number): FoundColumn | undefined {
  try {
    return findColumn(level, parts, at);
  } catch (error) {
    if (error instanceof SqlError) return undefined;
    throw error;
  }
}

type FoundHere = Omit<FoundColumn, "outer">;

function findHere(level: Level, parts: readonly string[], at: number): FoundHere | undefined {
  const [first = ""] = parts;
  if (parts.length > 1) {
    const qualified = inSources(level, parts, at);
    if (qualified !== undefined) return qualified;
  }
  const named = level.columns.filter((column) => column.name === first);
  if (named.length > 1 && (parts.length === 1 || named.every((column) => column.type.kind === "super"))) {
    throw ambiguousColumn(first, at);
  }
  const [column] = named;
  if (column !== undefined && (parts.length === 1 || canBeEntered(column.type))) {
    return { column: boundColumn(column, at), rest: parts.slice(1) };
  }
  const alias = level.aliases.get(first);
  if (alias !== undefined && (parts.length === 1 || canBeEntered(alias.bound.type))) {
    return { column: { ...alias.bound, at }, rest: parts.slice(1), alias };
  }
  return undefined;
}

function inSources(level: Level, parts: readonly string[], at: number): FoundHere | undefined {
  for (const { source, length } of sourcesOf(level, parts)) {
    if (source.element !== undefined) return { column: boundColumn(source.element, at), rest: parts.slice(length) };
    const named = source.columns.filter((column) => column.name === parts[length]);
    if (named.length > 1) throw ambiguousColumn(parts.slice(0, length + 1).join("."), at);
    const [column] = named;
    if (column !== undefined) return { column: boundColumn(column, at), rest: parts.slice(length + 1) };
  }
  return undefined;
}

/** The sources that the beginning of a dotted name can mean: `table.column`, `schema.table.column`, `database.schema.table.column`. */
function sourcesOf(level: Level, parts: readonly string[]): readonly { source: Source; length: number }[] {
  const found: { source: Source; length: number }[] = [];
  for (const length of [1, 2, 3]) {
    const name = parts[length - 1];
    const schema = length === 1 ? undefined : parts[length - 2];
    if (name === undefined || parts.length < length + 1) break;
    for (const source of level.sources) {
      if (source.name === name && (schema === undefined || source.schema === schema)) found.push({ source, length });
    }
  }
  return found;
}

function canBeEntered(type: SqlType): boolean {
  return type.kind === "super" || type.kind === "unknown";
}

export function boundColumn(column: SourceColumn, at: number): BoundExpression {
  const { name, type, nullable, table, sql } = column;
  return {
    sql,
    type,
    at,
    aggregate: false,
    window: false,
    nullable,
    column: { name, type, nullable, ...(table === undefined ? {} : { table }) },
  };
}

function notFound(level: Level, parts: readonly string[], at: number): SqlError {
  const known = everyLevel(level).flatMap((here) => here.sources);
  if (parts.length === 1) {
    const [name = ""] = parts;
    if (known.some((source) => source.name === name)) {
      return new SqlError(SQL_STATE.featureNotSupported, `the row "${name}" cannot be used as a value`, {
        at,
        hint: `Name its columns, or write ${name}.* in the select list.`,
      });
    }
    return missingColumn(name, level.sources, known, at);
  }
  const found = everyLevel(level).flatMap((here) => sourcesOf(here, parts));
  const [first] = found;
  if (first !== undefined) {
    const qualifier = parts.slice(0, first.length).join(".");
    return missingColumn(parts[first.length] ?? "", [first.source], known, at, qualifier);
  }
  const table = parts.length === 2 ? parts[0]! : parts[parts.length - 2]!;
  const hidden = known.find((source) => source.hiddenName === table);
  return hidden === undefined ? missingTable(table, known, at) : invalidReference(table, hidden.name, at);
}

function everyLevel(level: Level): readonly Level[] {
  return level.outer === undefined ? [level] : [level, ...everyLevel(level.outer)];
}

export interface ScopeOptions {
  readonly clause: string;
  readonly aggregates?: boolean;
  readonly windows?: boolean;
  /** What the clause must not take from the select list's aliases: JOIN conditions come before it. */
  readonly withoutAliases?: boolean;
}

export function scopeOf(
  level: Level,
  binding: Binding,
  bindNested: (query: Query, level: Level) => BoundQuery,
  options: ScopeOptions,
): Scope {
  const { clause, aggregates = false, windows = false } = options;
  return {
    context: binding.context,
    clause,
    aggregatesAllowed: aggregates,
    windowsAllowed: windows,
    column(parts, at) {
      const { column, rest, alias } = findColumn(level, parts, at);
      if (alias !== undefined && column.aggregate && !aggregates) {
        throw new SqlError(SQL_STATE.groupingError, `aggregates not allowed in ${clause} clause`, {
          at,
          hint: `"${parts[0]}" is the alias of a select item that holds an aggregate; filter by it in HAVING.`,
        });
      }
      if (alias !== undefined && column.window && !windows) {
        throw new SqlError(SQL_STATE.groupingError, `window functions not allowed in ${clause} clause`, {
          at,
          hint: `"${parts[0]}" is the alias of a select item that holds a window function; filter by it in QUALIFY.`,
        });
      }
      return { column, rest };
    },
    query: (query) => bindNested(query, level),
  };
}
