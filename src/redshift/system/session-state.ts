/**
 * What only the session knows, or only this process: temporary tables, the search path, settings, sessions, statements. Before a statement
 * runs that reads of them, they are put into tables and variables of the session's connection, out of which the system's views read them.
 */
import type { BindContext } from "../binder/bound.js";
import { bindQuery } from "../binder/queries/bind-query.js";
import type { Snapshot } from "../catalog/snapshot.js";
import type { StoredRelation } from "../catalog/stored.js";
import type { SessionInfo, SqlColumn } from "../database.js";
import { rightsIn } from "../engine/access.js";
import type { QueryEntry } from "../engine/query-log.js";
import { schemasOf } from "../engine/settings.js";
import type { SessionCore } from "../engine/statement-run.js";
import { CATALOG_MACROS } from "../functions/catalog-macros.js";
import { SqlError } from "../sql-error.js";
import { textLiteral } from "../sql-text.js";
import { parseQuery } from "../syntax/parse.js";
import { rightsRows, rightsTable } from "./rights-table.js";
import { lateColumns, sessionTables } from "./session-tables.js";
import { READER_VARIABLE, SEEN_PREFIX, VOLATILE_VARIABLES, VOLATILE_VIEW_NAMES } from "./volatile.js";

/** A statement that has one of these reads the session's tables, by itself or by a macro. */
const IS_SUPERUSER = "penstock_catalog.is_superuser(";
const READS_CATALOG = [
  "temp.penstock_",
  IS_SUPERUSER,
  ...Object.keys(CATALOG_MACROS).map((name) => `penstock_catalog.${name}(`),
];
const RIGHTS = ["penstock_catalog.has_", IS_SUPERUSER];
const LATE_COLUMNS = "temp.penstock_late_columns";

/** Of statements' texts together, the newest first: what is older is left out. */
const QUERY_CHARS_MAX = 8_000_000;

/** What each session's tables were made of. */
interface Made {
  readonly snapshot: Snapshot;
  readonly temporary: ReadonlyMap<string, StoredRelation>;
  readonly path: string;
  /** A transaction that is rolled back takes them along. */
  readonly rollbacks: number;
  late: boolean;
  rights: boolean;
}

const made = new WeakMap<SessionCore, Made>();

/** DuckDB's statements that tell the session's connection what `sql` is going to read; undefined where it reads nothing of the system's. */
export function systemState(sql: string, core: SessionCore): string | undefined {
  if (!sql.includes("penstock_")) return undefined;
  const { settings, shared } = core;
  const statements = catalogStatements(sql, core);
  // What others do is a superuser's to see. Source: "Visibility of data in system tables and views".
  const { superuser } = rightsIn(core);
  const isSeen = ({ user }: { readonly user: string }) => superuser || user === core.user;
  if (sql.includes(VOLATILE_VIEW_NAMES.queries))
    statements.push(list(VOLATILE_VARIABLES.queries, queryRows(shared.log.entries().filter(isSeen))));
  if (sql.includes(VOLATILE_VIEW_NAMES.sessions))
    statements.push(list(VOLATILE_VARIABLES.sessions, shared.sessions().filter(isSeen).map(sessionRow)));
  if (sql.includes(SEEN_PREFIX))
    statements.push(`SET VARIABLE ${READER_VARIABLE} = ${superuser ? "NULL" : textLiteral(core.user)}`);
  if (sql.includes(VOLATILE_VIEW_NAMES.settings)) {
    const rows = settings.all().map(({ name, value }) => ({ name, setting: value }));
    statements.push(list(VOLATILE_VARIABLES.settings, rows));
  }
  return statements.length === 0 ? undefined : statements.join(";\n");
}

function catalogStatements(sql: string, core: SessionCore): string[] {
  if (!READS_CATALOG.some((name) => sql.includes(name))) return [];
  const { settings, transaction } = core;
  const { snapshot, temporary, rollbacks } = transaction;
  const searchPath = schemasOf(settings.get("search_path") ?? "", core.user);
  const path = searchPath.join("\0");
  const statements: string[] = [];
  let own = made.get(core);
  const fresh =
    own?.snapshot === snapshot && own.temporary === temporary && own.path === path && own.rollbacks === rollbacks;
  if (own === undefined || !fresh) {
    statements.push(...sessionTables({ temporary, temporarySchema: core.temporarySchema, searchPath }));
    own = { snapshot, temporary, path, rollbacks, late: false, rights: false };
    made.set(core, own);
  }
  if (!own.rights && RIGHTS.some((name) => sql.includes(name))) {
    const { access, owner } = core.shared;
    statements.push(rightsTable(rightsRows(snapshot, temporary.values(), { user: core.user, owner }, access)));
    own.rights = true;
  }
  if (!own.late && sql.includes(LATE_COLUMNS)) {
    statements.push(lateColumns(lateBindingViews(core)));
    own.late = true;
  }
  return statements;
}

/** Their columns are those that a query would find now; one that cannot be read any more has none. */
function lateBindingViews(core: SessionCore) {
  const context: BindContext = {
    relation: core.catalog.findRelation,
    parameters: [],
    setting: (name) => core.settings.get(name),
    user: core.user,
    database: core.shared.name,
    processId: core.processId,
    notice: () => undefined,
  };
  const found: { readonly oid: number; readonly columns: readonly SqlColumn[] }[] = [];
  for (const { oid, lateBinding, definition } of core.transaction.snapshot.relations()) {
    if (!lateBinding || definition === undefined) continue;
    try {
      found.push({ oid, columns: bindQuery(parseQuery(definition), context).columns });
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
    }
  }
  return found;
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
