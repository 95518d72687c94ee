import type { CommonTable, QualifiedName, Query, Statement, TableFunction } from "../../syntax/ast.js";

/**
 * Every name in a statement that might be a relation's, so that the session can look all of them up before it binds: tables and views in FROM,
 * targets of changes, of DDL, of COPY and UNLOAD, and table functions (the catalog keeps their rows under the function's name). Names of common
 * tables are left out where they shadow a relation. A path into a SUPER value looks like a relation and is among them; nothing is found for it.
 */
export function relationNames(statement: Statement): readonly QualifiedName[] {
  const found = new Map<string, QualifiedName>();
  walk(statement, new Set(), (name) => found.set(JSON.stringify(name.parts), name));
  return [...found.values()];
}

/** The same of a query alone: a view's, say. */
export function relationNamesOfQuery(query: Query): readonly QualifiedName[] {
  return relationNames({ kind: "query-statement", query, at: query.at });
}

type Tell = (name: QualifiedName) => void;

function walk(value: unknown, commonTables: ReadonlySet<string>, tell: Tell): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, commonTables, tell);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const node = value as Readonly<Record<string, unknown>>;
  const visible = withTables(node, commonTables, tell);
  for (const name of namesBeside(node)) tell(name);
  for (const [key, inner] of Object.entries(node)) {
    if (key === "with" && isCommonTables(inner)) continue;
    const name = nameIn(node, key, inner);
    if (name === undefined) walk(inner, visible, tell);
    else if (name.parts.length > 1 || !(node.kind === "table" && visible.has(name.parts[0] ?? ""))) tell(name);
  }
}

/** Walks the WITH of a query, an UPDATE or a DELETE; each table sees those before it, and itself and all where it is recursive. */
function withTables(
  node: Readonly<Record<string, unknown>>,
  commonTables: ReadonlySet<string>,
  tell: Tell,
): ReadonlySet<string> {
  const tables = node.with;
  if (!isCommonTables(tables) || tables.length === 0) return commonTables;
  const visible = new Set(commonTables);
  for (const table of tables) {
    if (node.recursive === true) visible.add(table.name);
    walk(table.query, visible, tell);
    visible.add(table.name);
  }
  return visible;
}

function isCommonTables(value: unknown): value is readonly CommonTable[] {
  return Array.isArray(value);
}

/** Where a node holds a relation's name, by its kind. What is not here holds names of other things: columns, schemas, types. */
const NAME_KEYS: Readonly<Record<string, readonly string[]>> = {
  table: ["name"],
  insert: ["table"],
  update: ["table"],
  delete: ["table"],
  merge: ["target"],
  truncate: ["table"],
  "create-table": ["name"],
  "create-table-as": ["name"],
  "create-view": ["name"],
  "create-materialized-view": ["name"],
  "refresh-materialized-view": ["name"],
  "create-external-table": ["name"],
  "alter-table": ["name"],
  "alter-materialized-view": ["name"],
  copy: ["table"],
  "copy-stdio": ["table"],
  analyze: ["table"],
  "analyze-compression": ["table"],
  vacuum: ["table"],
};

function nameIn(node: Readonly<Record<string, unknown>>, key: string, inner: unknown): QualifiedName | undefined {
  if (!isName(inner)) return undefined;
  const { kind } = node;
  if (typeof kind === "string" && NAME_KEYS[kind]?.includes(key)) return inner;
  // LIKE among a table's columns, REFERENCES, ALTER TABLE ... APPEND FROM, SELECT ... INTO.
  if (node.element === "like" && key === "table") return inner;
  if (kind === undefined && key === "table" && node.element === undefined) return inner;
  if (node.type === "append" && key === "from") return inner;
  if (kind === undefined && key === "name" && "temporary" in node) return inner;
  return undefined;
}

/** Names that are no single part of their node: lists of tables, the table of a commented column, the relation behind a function in FROM. */
function namesBeside(node: Readonly<Record<string, unknown>>): readonly QualifiedName[] {
  const some = node as unknown as Statement | TableFunction;
  switch (some.kind) {
    case "drop":
      return some.object === "schema" ? [] : some.names;
    case "lock":
      return some.tables;
    case "comment":
      if (some.object === "table" || some.object === "view") return [some.name];
      return some.object === "column" ? [{ ...some.name, parts: some.name.parts.slice(0, -1) }] : [];
    case "show-objects":
      return ["columns", "table", "view"].includes(some.object) && some.from !== undefined ? [some.from] : [];
    case "grant":
    case "revoke":
      return some.object?.type === "table" ? some.object.names : [];
    case "table-function":
      return [{ parts: ["pg_catalog", some.call.name.parts.at(-1) ?? ""], at: some.at }];
    default:
      return [];
  }
}

function isName(value: unknown): value is QualifiedName {
  return typeof value === "object" && value !== null && "parts" in value && !("kind" in value);
}
