/** A stored object as the binder is to know it. */
import type { RelationColumn, RelationInfo } from "../binder/bound.js";
import { quotedName } from "../sql-text.js";
import { parseExpression, parseQuery } from "../syntax/parse.js";
import { duckDbSchema, isTemporarySchema, type StoredColumn, type StoredRelation } from "./stored.js";

const SYSTEM_SCHEMA = "penstock";

/** What is made of one is kept with it: a stored object never changes, a new one takes its place. */
const made = new WeakMap<StoredRelation, RelationInfo>();

export function relationInfo(stored: StoredRelation): RelationInfo {
  const known = made.get(stored);
  if (known !== undefined) return known;
  const info = infoOf(stored);
  made.set(stored, info);
  return info;
}

function infoOf(stored: StoredRelation): RelationInfo {
  const { oid, schema, name } = stored;
  const columns = stored.columns.map(relationColumn);
  const base = { oid, schema, name, columns, owner: stored.owner };
  // Views of Penstock's own are DuckDB's.
  if (stored.kind === "view" && stored.definition === undefined) {
    return { ...base, kind: "system-view", from: duckDbName(stored), writable: false };
  }
  if (stored.kind === "view") {
    // The text was parsed when the view was made; it is parsed again when it is first read.
    let query: ReturnType<typeof parseQuery> | undefined;
    const { definition = "", lateBinding } = stored;
    const view = {
      get query() {
        query ??= parseQuery(definition);
        return query;
      },
      lateBinding,
    };
    return { ...base, kind: "view", view, writable: false };
  }
  return {
    ...base,
    kind: stored.kind,
    from: duckDbName(stored),
    writable: stored.kind === "table" && schema !== SYSTEM_SCHEMA,
  };
}

function relationColumn(column: StoredColumn): RelationColumn {
  const { name, type, notNull, position, defaultText, identity } = column;
  let parsed: ReturnType<typeof parseExpression> | undefined;
  return {
    name,
    type,
    nullable: !notNull,
    position,
    ...(identity === undefined ? {} : { identity }),
    ...(defaultText === undefined
      ? {}
      : {
          get default() {
            parsed ??= parseExpression(defaultText);
            return parsed;
          },
        }),
  };
}

/**
 * `main."quotes"`, `temp."#100123"`. A temporary table goes by its number: DuckDB takes `main.t` for `temp.t` where there is one, and no table but a
 * temporary one has a name that begins with #.
 */
export function duckDbName(relation: Pick<StoredRelation, "schema" | "name" | "oid">): string {
  if (isTemporarySchema(relation.schema)) return `temp.${quotedName(`#${relation.oid}`)}`;
  const schema = duckDbSchema(relation.schema);
  return `${schema === "main" ? schema : quotedName(schema)}.${quotedName(relation.name)}`;
}
