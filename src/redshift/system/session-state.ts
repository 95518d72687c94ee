/**
 * What only the session knows, or only this process: temporary tables, the search path, settings, sessions, statements. Before the session's
 * connection next runs anything, it is put into variables of that connection, out of which the system's views read it.
 */
import { CATALOG_SCHEMA } from "../catalog/catalog.js";
import type { StoredRelation } from "../catalog/stored.js";
import { kindOf } from "../catalog/write.js";
import type { SessionInfo } from "../database.js";
import type { QueryEntry } from "../engine/query-log.js";
import { schemasOf } from "../engine/settings.js";
import type { SessionCore } from "../engine/statement-run.js";
import { textLiteral } from "../sql-text.js";
import { SEARCH_PATH_VARIABLE, TEMPORARY_VARIABLES } from "./base.js";
import { VOLATILE_VARIABLES, VOLATILE_VIEW_NAMES } from "./volatile.js";

/** Of statements' texts together, the newest first: what is older is left out. */
const QUERY_CHARS_MAX = 8_000_000;

/** What each session was told last of what seldom changes. */
interface Told {
  path?: string;
  temporary?: ReadonlyMap<string, StoredRelation>;
}

const told = new WeakMap<SessionCore, Told>();

/** DuckDB's statements that tell the session's connection what `sql` is going to read; undefined where it reads nothing of the system's. */
export function systemState(sql: string, core: SessionCore): string | undefined {
  if (!sql.includes(CATALOG_SCHEMA)) return undefined;
  const { settings, shared, transaction } = core;
  const before = told.get(core) ?? {};
  told.set(core, before);
  const statements: string[] = [];
  const path = `[${schemasOf(settings.get("search_path") ?? "", core.user)
    .map(textLiteral)
    .join(", ")}]::VARCHAR[]`;
  if (path !== before.path) statements.push(`SET VARIABLE ${SEARCH_PATH_VARIABLE} = ${path}`);
  before.path = path;
  const { temporary } = transaction;
  // None at first, which is what an unset variable says.
  if (temporary !== before.temporary && (before.temporary !== undefined || temporary.size > 0)) {
    statements.push(...temporaryStatements(temporary, core.temporarySchema));
    before.temporary = temporary;
  }
  if (sql.includes(VOLATILE_VIEW_NAMES.queries))
    statements.push(list(VOLATILE_VARIABLES.queries, queryRows(shared.log.entries())));
  if (sql.includes(VOLATILE_VIEW_NAMES.sessions))
    statements.push(list(VOLATILE_VARIABLES.sessions, shared.sessions().map(sessionRow)));
  if (sql.includes(VOLATILE_VIEW_NAMES.settings)) {
    const rows = settings.all().map(({ name, value }) => ({ name, setting: value }));
    statements.push(list(VOLATILE_VARIABLES.settings, rows));
  }
  return statements.length === 0 ? undefined : statements.join(";\n");
}

function temporaryStatements(temporary: ReadonlyMap<string, StoredRelation>, schema: string): readonly string[] {
  const relations = [...temporary.values()];
  const instant = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());
  return [
    `SET VARIABLE ${TEMPORARY_VARIABLES.schema} = ${relations.length === 0 ? "NULL" : textLiteral(schema)}`,
    list(
      TEMPORARY_VARIABLES.relations,
      relations.map((relation) => ({
        oid: relation.oid,
        schema_name: relation.schema,
        name: relation.name,
        kind: relation.kind,
        owner: relation.owner,
        dist_style: relation.distStyle,
        sort_style: relation.sortStyle,
        encode_auto: relation.encodeAuto,
        backup: relation.backup,
        definition: relation.definition ?? null,
        late_binding: relation.lateBinding,
        auto_refresh: relation.autoRefresh,
        comment: relation.comment ?? null,
        external: null,
        created_at: instant(relation.createdAtMs),
        changed_at: instant(relation.changedAtMs),
        refreshed_at: instant(relation.refreshedAtMs),
      })),
    ),
    list(
      TEMPORARY_VARIABLES.columns,
      relations.flatMap((relation) =>
        relation.columns.map((column) => {
          const [kind, of] = kindOf(column.type);
          return {
            relation_oid: relation.oid,
            position: column.position,
            name: column.name,
            type_kind: kind,
            type_length: "length" in of ? of.length : null,
            type_precision: "precision" in of ? of.precision : null,
            type_scale: "scale" in of ? of.scale : null,
            not_null: column.notNull,
            default_text: column.defaultText ?? null,
            encoding: column.encoding ?? null,
            dist_key: column.distKey,
            sort_position: column.sortPosition ?? null,
            identity_seed: column.identity?.seed ?? null,
            identity_step: column.identity?.step ?? null,
            identity_by_default: column.identity?.byDefault ?? null,
            collation_name: column.collation ?? null,
            comment: column.comment ?? null,
          };
        }),
      ),
    ),
    list(
      TEMPORARY_VARIABLES.constraints,
      relations.flatMap((relation) =>
        relation.constraints.map((constraint) => ({
          oid: constraint.oid,
          relation_oid: relation.oid,
          name: constraint.name,
          type: constraint.type,
          columns: constraint.columns,
          foreign_oid: constraint.foreignOid ?? null,
          foreign_columns: constraint.foreignColumns ?? null,
        })),
      ),
    ),
  ];
}

function queryRows(entries: readonly QueryEntry[]): readonly object[] {
  const rows: object[] = [];
  let chars = 0;
  for (const entry of [...entries].reverse()) {
    chars += entry.sql.length;
    if (chars > QUERY_CHARS_MAX) break;
    rows.push({
      id: entry.id,
      sql: entry.sql,
      verb: entry.verb,
      user_name: entry.user,
      process_id: entry.processId,
      transaction_id: entry.transactionId,
      application_name: entry.applicationName,
      query_group: entry.queryGroup,
      started_ms: Math.round(entry.startedAtMs),
      duration_us: entry.durationMs === undefined ? null : Math.round(entry.durationMs * 1000),
      state: entry.state,
      rows: entry.rows,
      error: entry.error ?? null,
      relations: entry.relations,
    });
  }
  return rows.reverse();
}

function sessionRow(session: SessionInfo): object {
  return {
    process_id: session.processId,
    user_name: session.user,
    application_name: session.applicationName,
    remote: session.remote,
    started_ms: Math.round(session.startedAtMs),
    state: session.state,
    query_text: session.sql ?? null,
  };
}

function list(variable: string, rows: readonly object[]): string {
  // U+0000 is no character of a text.
  return `SET VARIABLE ${variable} = ${textLiteral(JSON.stringify(rows).replaceAll("\\u0000", ""))}`;
}
