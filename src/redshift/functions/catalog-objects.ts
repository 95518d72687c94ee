/**
 * What clients ask about the catalog's objects: their sizes, owners, and how functions are called. Redshift has some of them, PostgreSQL all:
 * newer clients ask without looking at the version.
 */
import { derived } from "../binder/expressions/derived.js";
import type { SqlType } from "../types.js";
import { type CatalogMacro, catalogCall } from "./catalog-macros.js";
import {
  BIGINT,
  BOOLEAN,
  type FunctionEntry,
  familyOf,
  INTEGER,
  noFunction,
  type Overload,
  overload,
  SUPER,
  TEXT,
} from "./entry.js";

const { scalar, special } = familyOf("system");
const NAME: SqlType = { kind: "name" };
const FOR_CLIENTS = { status: "partly", note: "PostgreSQL's, for its clients." } as const;

/** One that is a macro in the catalog's schema. */
export function catalogOverload(name: CatalogMacro, args: string, type: SqlType): Overload {
  return overload(args, type, (bound) =>
    catalogCall(
      name,
      bound.map((arg) => arg.sql),
    ),
  );
}

export const CATALOG_OBJECT_FUNCTIONS: readonly FunctionEntry[] = [
  ...scalar("pg_get_userbyid", catalogOverload("pg_get_userbyid", "oid", NAME)),
  ...scalar(
    "pg_relation_size pg_table_size pg_total_relation_size",
    [catalogOverload("pg_relation_size", "oid, text?", BIGINT)],
    { ...FOR_CLIENTS, note: "PostgreSQL's, for its clients. Worked out of rows and types, in blocks of 1 MB." },
  ),
  ...scalar("pg_indexes_size", overload("any", BIGINT, "CAST(0 AS BIGINT)"), FOR_CLIENTS),
  ...scalar("pg_database_size pg_tablespace_size", catalogOverload("pg_database_size", "any", BIGINT), FOR_CLIENTS),
  ...scalar("pg_size_pretty", overload("number", TEXT, prettySize), FOR_CLIENTS),
  ...scalar("pg_get_function_result", catalogOverload("pg_get_function_result", "oid", TEXT), FOR_CLIENTS),
  ...scalar(
    "pg_get_function_arguments pg_get_function_identity_arguments",
    catalogOverload("pg_get_function_arguments", "oid", TEXT),
    FOR_CLIENTS,
  ),
  ...scalar(
    "pg_get_triggerdef pg_get_ruledef pg_get_functiondef",
    overload("oid, boolean?", TEXT, "CAST(NULL AS VARCHAR)"),
    { ...FOR_CLIENTS, note: "PostgreSQL's, for its clients: there is nothing of the kind here, so NULL." },
  ),
  ...scalar("pg_get_serial_sequence", overload("text, text", TEXT, "CAST(NULL AS VARCHAR)"), FOR_CLIENTS),
  ...scalar("pg_tablespace_location", overload("oid", TEXT, "''"), FOR_CLIENTS),
  ...scalar("pg_char_to_encoding", overload("text", INTEGER, "6"), FOR_CLIENTS),
  ...scalar(
    "string_to_array",
    overload(
      "text, text",
      { kind: "array", of: TEXT },
      "CASE WHEN $1 = '' THEN CAST([] AS VARCHAR[]) ELSE string_split($1, $2) END",
    ),
    FOR_CLIENTS,
  ),
  ...scalar(
    "pg_collation_is_visible pg_ts_config_is_visible pg_ts_parser_is_visible pg_ts_dict_is_visible pg_ts_template_is_visible",
    overload("oid", BOOLEAN, "TRUE"),
    FOR_CLIENTS,
  ),
  // What Redshift's JDBC driver puts a procedure's bytes through.
  ...scalar("textin byteaout", overload("text", TEXT, "CAST($1 AS VARCHAR)"), FOR_CLIENTS),
  ...special("_pg_expandarray", expandArray, {
    status: "partly",
    note: "Of information_schema, for drivers: rows of a SUPER value with x, the item, and n, its number.",
  }),
];

/** PostgreSQL's steps: the next unit from ten thousand of one on. */
function prettySize([size]: Parameters<Exclude<Overload["sql"], string>>[0]): string {
  const bytes = `CAST(${size?.sql ?? "NULL"} AS DOUBLE)`;
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  const steps = units.map((unit, index) => {
    const text = `CAST(CAST(round(${bytes} / ${1024 ** index}) AS BIGINT) AS VARCHAR) || ' ${unit}'`;
    return index === units.length - 1 ? `ELSE ${text}` : `WHEN abs(${bytes}) < ${10_240 * 1024 ** index} THEN ${text}`;
  });
  return `(CASE WHEN ${bytes} IS NULL THEN NULL ${steps.join(" ")} END)`;
}

function expandArray(site: Parameters<NonNullable<FunctionEntry["bind"]>>[0]) {
  const args = site.call.args.map((arg) => site.bind(arg));
  const [array] = args;
  if (array?.type.kind !== "array" || args.length !== 1)
    throw noFunction(site, "information_schema._pg_expandarray", args);
  const sql = `unnest(list_transform(${array.sql}, (x, n) -> CAST(json_object('x', x, 'n', n) AS JSON)))`;
  return derived(args, sql, SUPER, site.at, { nullable: true });
}
