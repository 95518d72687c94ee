/**
 * System functions that the session alone answers, and those that look into the catalog: these are macros of DuckDB's in the catalog's schema,
 * made beside the system views.
 */

import type { BoundExpression } from "../binder/bound.js";
import { coerce, settled } from "../binder/expressions/coerce.js";
import { derived } from "../binder/expressions/derived.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import { textLiteral } from "../sql-text.js";
import { type SqlType, typeName } from "../types.js";
import { type CatalogMacro, catalogCall } from "./catalog-macros.js";
import { catalogOverload } from "./catalog-objects.js";
import { BIGINT, BOOLEAN, type CallSite, type FunctionEntry, familyOf, INTEGER, overload, TEXT } from "./entry.js";

const { scalar, special, missing } = familyOf("system");
const NAME: SqlType = { kind: "name" };
const constant = (site: CallSite, text: string, type: SqlType) =>
  derived([], textLiteral(text), type, site.at, { nullable: false });
const always = (names: string, args: string) =>
  scalar(names, overload(args, BOOLEAN, "TRUE", { nullable: false }), {
    status: "partly",
    note: "Answers true, whatever was granted.",
  });

/** `(object, [column,] privilege)`, with or without a user before it. */
function privilegeCall(site: CallSite, macro: CatalogMacro, least: number): BoundExpression {
  const args = site.call.args.map((arg) =>
    coerce(settled(site.bind(arg), site.scope.context), TEXT, "explicit", site.scope.context),
  );
  if (args.length !== least && args.length !== least + 1) {
    throw new SqlError(
      SQL_STATE.undefinedFunction,
      `function ${site.call.name.parts.at(-1)} takes ${least} or ${least + 1} arguments`,
      {
        at: site.at,
      },
    );
  }
  const [user, object] =
    args.length > least ? [args[0]!.sql, args[1]!] : [textLiteral(site.scope.context.user), args[0]!];
  const parts = macro === "has_database_privilege" ? [user, args.at(-1)!.sql] : [user, object.sql, args.at(-1)!.sql];
  return derived(args, catalogCall(macro, parts), BOOLEAN, site.at);
}

/** Drivers read the PostgreSQL version out of it, tools the word Redshift. */
const VERSION =
  "PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), Redshift 1.0.0 (Penstock)";

/** As on Redshift, what the leader node answers by itself is none: a query that reads no table of users. */
const IS_QUERY =
  "(verb IN ('COPY', 'UNLOAD', 'INSERT', 'UPDATE', 'DELETE', 'MERGE') OR len(list_filter(relations, lambda r: r.\"schema\" NOT IN ('pg_catalog', 'information_schema'))) > 0)";

export const SYSTEM_FUNCTIONS: readonly FunctionEntry[] = [
  ...special("version", (site) => constant(site, VERSION, TEXT)),
  ...special("current_user session_user user current_role", (site) => constant(site, site.scope.context.user, NAME)),
  ...special("current_database current_catalog", (site) => constant(site, site.scope.context.database, NAME)),
  ...special("current_schema", (site) => constant(site, searchPath(site)[0] ?? "public", NAME)),
  ...special("current_schemas", (site) => {
    const [implicit] = site.call.args;
    const own = searchPath(site);
    const withSystem = implicit?.kind === "literal" && implicit.value.type === "boolean" ? implicit.value.value : true;
    const names = withSystem && !own.includes("pg_catalog") ? ["pg_catalog", ...own] : own;
    return derived(
      [],
      `CAST([${names.map(textLiteral).join(", ")}] AS VARCHAR[])`,
      { kind: "array", of: NAME },
      site.at,
      { nullable: false },
    );
  }),
  ...special("pg_backend_pid", (site) =>
    derived([], `CAST(${site.scope.context.processId} AS INTEGER)`, INTEGER, site.at, { nullable: false }),
  ),
  ...special("current_setting", (site) => {
    const [name] = site.call.args;
    const bound = name === undefined ? undefined : site.bind(name, TEXT);
    if (bound === undefined)
      throw new SqlError(SQL_STATE.undefinedFunction, "CURRENT_SETTING takes a setting's name", { at: site.at });
    if (bound.origin?.kind !== "text") {
      // As psql asks for all that there are.
      const sql = `(SELECT max(s.setting) FROM penstock_catalog.session_settings AS s WHERE s.name = lower(${bound.sql}))`;
      return derived([bound], sql, TEXT, site.at);
    }
    const value = site.scope.context.setting(bound.origin.text.toLowerCase());
    const lenient = site.call.args.length > 1;
    if (value === undefined && !lenient) {
      throw new SqlError(SQL_STATE.undefinedObject, `unrecognized configuration parameter "${bound.origin.text}"`, {
        at: bound.at,
      });
    }
    return value === undefined
      ? coerce(settled(bound, site.scope.context), TEXT, "implicit", site.scope.context)
      : constant(site, value, TEXT);
  }),
  ...special("current_user_id", (site) => derived([], "100", INTEGER, site.at, { nullable: false })),
  ...special("pg_typeof", (site) => {
    const bound = site.call.args[0] === undefined ? undefined : site.bind(site.call.args[0]);
    return constant(site, bound === undefined ? "unknown" : typeName(bound.type), { kind: "regtype" });
  }),
  ...special("pg_client_encoding getdatabaseencoding", (site) => constant(site, "UTF8", NAME)),
  ...special("has_table_privilege has_any_column_privilege", (site) => privilegeCall(site, "has_table_privilege", 2), {
    note: "By name or oid; the user may be left out.",
  }),
  ...special("has_schema_privilege", (site) => privilegeCall(site, "has_schema_privilege", 2)),
  ...special("has_database_privilege", (site) => privilegeCall(site, "has_database_privilege", 2)),
  ...special("has_column_privilege", (site) => privilegeCall(site, "has_table_privilege", 3), {
    status: "partly",
    note: "There are no privileges on columns: those of the table are told.",
  }),
  ...always(
    "has_function_privilege has_language_privilege has_tablespace_privilege has_assumerole_privilege has_sequence_privilege",
    "any...",
  ),
  ...always("pg_has_role user_is_member_of role_is_member_of", "any..."),
  ...scalar(
    "pg_type_is_visible pg_function_is_visible pg_operator_is_visible pg_opclass_is_visible pg_conversion_is_visible pg_is_in_recovery_visible",
    overload("any", BOOLEAN, "TRUE"),
  ),
  ...scalar("pg_is_in_recovery", overload("", BOOLEAN, "FALSE")),
  ...scalar("pg_is_other_temp_schema", overload("oid", BOOLEAN, "FALSE")),
  ...scalar("txid_current", overload("", BIGINT, "CAST(txid_current() AS BIGINT)")),
  ...scalar("inet_client_addr inet_server_addr", overload("", TEXT, "CAST(NULL AS VARCHAR)")),
  ...scalar("slice_num", overload("", INTEGER, "0")),
  ...scalar("pg_encoding_to_char", overload("int", NAME, "'UTF8'")),
  ...scalar(
    "array_upper",
    overload("array, int", INTEGER, (bound) =>
      // A vector's last place, as its places are counted from 0, is -1 where it has none.
      isVector(bound)
        ? `CAST(len(${bound[0]!.sql}) - 1 AS INTEGER)`
        : `CAST(nullif(len(${bound[0]!.sql}), 0) AS INTEGER)`,
    ),
  ),
  ...scalar(
    "array_lower",
    overload("array, int", INTEGER, (bound) =>
      isVector(bound) ? "0" : `(CASE WHEN len(${bound[0]!.sql}) > 0 THEN 1 END)`,
    ),
  ),
  ...scalar("array_length", overload("array, int", INTEGER, "CAST(nullif(len($1), 0) AS INTEGER)")),
  // DuckDB's takes a literal alone between the items; a control character stands there until it is replaced.
  ...scalar(
    "array_to_string",
    overload("array, text", TEXT, "replace(array_to_string(CAST($1 AS VARCHAR[]), '\u001f'), '\u001f', $2)"),
  ),
  ...special("generate_series", (site) => {
    const args = site.call.args.map((arg) => site.bind(arg, INTEGER));
    if (args.length < 2 || args.length > 3)
      throw new SqlError(SQL_STATE.undefinedFunction, "GENERATE_SERIES takes a start, a stop and a step", {
        at: site.at,
      });
    const bigint = args.some((arg) => arg.type.kind === "bigint");
    const type = bigint ? BIGINT : INTEGER;
    const bounds = args.map((arg) => coerce(arg, type, "implicit", site.scope.context).sql);
    return derived(
      args,
      `CAST(unnest(generate_series(${bounds.join(", ")})) AS ${bigint ? "BIGINT" : "INTEGER"})`,
      type,
      site.at,
    );
  }),
  ...catalogMacro("pg_table_is_visible", "oid", BOOLEAN),
  ...catalogMacro("format_type", "oid, int?", TEXT),
  ...catalogMacro("pg_get_viewdef", "any, boolean?", TEXT),
  ...catalogMacro("pg_get_constraintdef", "oid, boolean?", TEXT),
  ...catalogMacro("pg_get_expr", "text, oid, boolean?", TEXT),
  ...catalogMacro("pg_get_indexdef", "oid, int?, boolean?", TEXT),
  ...catalogMacro("obj_description", "oid, text?", TEXT),
  ...catalogMacro("shobj_description", "oid, text?", TEXT),
  ...catalogMacro("col_description", "oid, int", TEXT),
  ...catalogMacro("format_encoding", "int", TEXT),
  // As a query's only item they are seen to by engine/statements/signal.ts.
  ...special(
    "pg_terminate_backend pg_cancel_backend",
    (site) => {
      throw new SqlError(SQL_STATE.featureNotSupported, `${site.name} must be the only item of a SELECT list`, {
        at: site.at,
        hint: `SELECT ${site.name}(pid), with FROM and WHERE where there are several. CANCEL pid is there too.`,
      });
    },
    { status: "partly", note: "As the only item of a query's SELECT list." },
  ),
  ...ofLast("pg_last_query_id", "coalesce(max_by(id, id), -1)", IS_QUERY),
  ...ofLast("pg_last_copy_id", "coalesce(max_by(id, id), -1)", "verb = 'COPY'"),
  ...ofLast("pg_last_copy_count", 'coalesce(max_by("rows", id), 0)', "verb = 'COPY'"),
  ...ofLast("pg_last_unload_id", "coalesce(max_by(id, id), -1)", "verb = 'UNLOAD'"),
  ...ofLast("pg_last_unload_count", 'coalesce(max_by("rows", id), 0)', "verb = 'UNLOAD'"),
  ...missing("last_user_query_id pg_last_insert_id", "PG_LAST_QUERY_ID and SYS_QUERY_HISTORY tell."),
  ...missing("set_config", "Use SET."),
  ...missing(
    "current_aws_account current_namespace current_session_arn explain_model",
    "There is no AWS account behind Penstock.",
  ),
];

function catalogMacro(name: CatalogMacro, args: string, type: SqlType): FunctionEntry[] {
  return scalar(name, catalogOverload(name, args, type));
}

/** Of the session's newest statements that are over, in the log of queries. */
function ofLast(name: string, value: string, condition: string): FunctionEntry[] {
  return scalar(
    name,
    overload(
      "",
      BIGINT,
      (_, site) =>
        `(SELECT CAST(${value} AS BIGINT) FROM penstock_catalog.queries WHERE process_id = ${site.scope.context.processId} AND state <> 'running' AND ${condition})`,
      { nullable: false },
    ),
    { volatile: true },
  );
}

function isVector([array]: readonly BoundExpression[]): boolean {
  return array?.type.kind === "array" && array.type.vector === true;
}

function searchPath(site: CallSite): readonly string[] {
  const setting = site.scope.context.setting("search_path") ?? '"$user", public';
  return setting
    .split(",")
    .map((name) =>
      name
        .trim()
        .replace(/^"(.*)"$/, "$1")
        .replace("$user", site.scope.context.user),
    )
    .filter((name) => name !== "" && name !== site.scope.context.user);
}
