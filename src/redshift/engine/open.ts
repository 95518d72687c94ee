/** The SQL database over a DuckDB instance that the warehouse opened and locked: sessions, their limits, and the catalog that they share. */
import type { DuckDBInstance } from "@duckdb/node-api";
import type { Clock } from "../../core/clock.js";
import { boundedGate, type Gate } from "../../core/gate.js";
import { adoptedObjects } from "../catalog/adopt.js";
import { loadCatalog } from "../catalog/load.js";
import { isSuperuser, LAKE_SCHEMA, rightsOf } from "../catalog/rights.js";
import { roleKey } from "../catalog/roles.js";
import type { ExternalRelation, SystemView } from "../catalog/session-catalog.js";
import type { Snapshot } from "../catalog/snapshot.js";
import type { StoredRelation } from "../catalog/stored.js";
import type { SessionOptions, SqlDatabase } from "../database.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import { textLiteral } from "../sql-text.js";
import { committedCatalog } from "./committed-catalog.js";
import { type EngineConnection, engineConnection } from "./connection.js";
import { type QueryLog, queryLog } from "./query-log.js";
import { rowChanges } from "./row-changes.js";
import { openSession, type SessionInside } from "./session.js";
import type { AlterExternal, Shared, SqlLimits, StatementHandlers, SystemState } from "./statement-run.js";
import { statementHandlers } from "./statements/statements.js";

export interface SqlEngine extends SqlDatabase {
  readonly queryLog: QueryLog;
  /** Whether the lake's objects are for that user: who may use the schema over them. */
  readsLake(user: string): boolean;
  /** After the warehouse made or changed a table by itself. */
  reload(): Promise<void>;
  /** After the warehouse changed rows of a table of the pipeline by itself. */
  rowsChanged(table: string): void;
  /** Materialized views that are to be refreshed by themselves, and no longer show what they read. */
  staleViews(): readonly StoredRelation[];
}

export interface SqlEngineOptions {
  /** Made and locked down by the warehouse; not closed here. */
  readonly instance: DuckDBInstance;
  /** The warehouse's own: all calls into the engine pass it, those of SQL from outside a narrower one before it. */
  readonly gate: Gate;
  readonly clock: Clock;
  /** Calls of SQL from outside at once; default 2. Fewer than the warehouse's gate lets through, or loads would wait for queries. */
  readonly callsMax?: number;
  readonly limits?: Partial<SqlLimits>;
  /** Default: none is. */
  readonly isPipelineTable?: (name: string) => boolean;
  readonly systemView?: SystemView;
  /** Once, on a connection of its own, after the catalog's tables are there: makes the system views' macros. */
  readonly prepareSystem?: (connection: EngineConnection) => Promise<void>;
  readonly systemState?: SystemState;
  readonly external?: ExternalRelation;
  readonly alterExternal?: AlterExternal;
  /** Who may log in, the first of them as a superuser. Absent or empty: anybody, as one who may do everything. */
  readonly users?: readonly string[];
  /** In addition to those of statements/statements.ts. */
  readonly handlers?: StatementHandlers;
}

export const DATABASE_NAME = "penstock";
const OWNER = "penstock";
/** Where the tables of the definition are. */
const PIPELINE_SCHEMA = "public";
const CALLS_DEFAULT = 2;
const LIMITS: SqlLimits = {
  // Source: "Quotas and limits in Amazon Redshift": 500 connections to a cluster; here each costs a DuckDB connection.
  sessionsMax: 500,
  statementMsMax: 600_000,
};

export async function openSqlDatabase(options: SqlEngineOptions): Promise<SqlEngine> {
  const { instance, clock } = options;
  const narrow = boundedGate(options.callsMax ?? CALLS_DEFAULT);
  const gate: Gate = (work) => narrow(() => options.gate(work));
  const connect = async () => engineConnection(await gate(() => instance.connect()), gate);
  const limits = { ...LIMITS, ...options.limits };
  const sessions = new Map<number, SessionInside>();
  const log = queryLog();
  const { users = [] } = options;
  const [administrator] = users;
  const access = administrator === undefined ? undefined : { administrators: new Set([OWNER, administrator]) };
  const catalog = committedCatalog(await prepareCatalog(connect, clock, users, options.prepareSystem));
  const changes = rowChanges();
  let nextProcessId = 1_000 + (Math.floor(clock.now() / 1000) % 10_000);
  /** Sessions that are being opened. */
  let connecting = 0;
  let closed = false;

  const shared: Shared = {
    name: DATABASE_NAME,
    owner: OWNER,
    access,
    loginUsers: new Set(users),
    clock,
    limits,
    log,
    handlers: statementHandlers(options.handlers ?? {}),
    systemView: options.systemView ?? (() => undefined),
    systemState: options.systemState,
    external: options.external,
    alterExternal: options.alterExternal,
    isPipelineTable: options.isPipelineTable ?? (() => false),
    connect,
    catalog,
    rowChanges: changes,
    sessions: () => listSessions(),
    cancel: (processId) => cancel(processId),
    terminate: (processId) => terminate(processId),
  };

  async function connectSession(): Promise<EngineConnection> {
    connecting++;
    try {
      return await connect();
    } finally {
      connecting--;
    }
  }

  const listSessions = () => [...sessions.values()].map((session) => session.info());

  function cancel(processId: number): boolean {
    const session = sessions.get(processId);
    session?.cancel();
    return session !== undefined;
  }

  function terminate(processId: number): boolean {
    const session = sessions.get(processId);
    if (session === undefined) return false;
    const reason = new SqlError(SQL_STATE.adminShutdown, "terminating connection due to administrator command", {
      severity: "FATAL",
    });
    void session.end(reason);
    return true;
  }

  async function readCatalog(version: number): Promise<Snapshot> {
    // Not behind the queries of others: no transaction begins meanwhile.
    const connection = engineConnection(await options.gate(() => instance.connect()), options.gate);
    try {
      return await loadCatalog((sql) => connection.rows(sql), version);
    } finally {
      connection.close();
    }
  }

  /** Who asks for a session as somebody else (the Data API's DbUser) must be a superuser, and that one must be there. */
  function checkUser({ user, actor }: SessionOptions): void {
    if (access === undefined || actor === undefined) return;
    const { snapshot } = catalog;
    if (user !== actor && !isSuperuser(snapshot, actor, access)) {
      throw new SqlError(SQL_STATE.insufficientPrivilege, `permission denied to connect as user "${user}"`, {
        severity: "FATAL",
        hint: `"${actor}" is no superuser, and connects as itself.`,
      });
    }
    if (user === OWNER || snapshot.roles.has(roleKey("user", user))) return;
    throw new SqlError("28000", `user "${user}" does not exist`, { severity: "FATAL" });
  }

  return {
    name: DATABASE_NAME,
    isSuperuser: (user) => access === undefined || isSuperuser(catalog.snapshot, user, access),
    readsLake: (user) =>
      access === undefined || rightsOf(catalog.snapshot, user, access).onSchema(LAKE_SCHEMA, "usage"),
    queryLog: log,
    reload: () => catalog.reload(readCatalog),
    rowsChanged: (table) => {
      const relation = catalog.snapshot.relation(PIPELINE_SCHEMA, table);
      if (relation !== undefined) changes.changed([relation.oid]);
    },
    staleViews: () => {
      const { snapshot } = catalog;
      return [...snapshot.relations()].filter(
        (relation) =>
          relation.kind === "materialized-view" && relation.autoRefresh && changes.isStale(relation, snapshot),
      );
    },
    async connect(session) {
      if (closed)
        throw new SqlError(SQL_STATE.cannotConnectNow, "the database system is shutting down", { severity: "FATAL" });
      if (session.database !== DATABASE_NAME) {
        throw new SqlError(SQL_STATE.invalidCatalogName, `database "${session.database}" does not exist`, {
          severity: "FATAL",
          hint: `The database here is called ${DATABASE_NAME}.`,
        });
      }
      checkUser(session);
      if (sessions.size + connecting >= limits.sessionsMax) {
        throw new SqlError(SQL_STATE.tooManyConnections, "connection limit exceeded for user", {
          severity: "FATAL",
          hint: `At most ${limits.sessionsMax} sessions at once: close one.`,
        });
      }
      const processId = nextProcessId++;
      const connection = await connectSession();
      const opened = openSession(shared, connection, {
        ...session,
        processId,
        onClose: () => sessions.delete(processId),
      });
      sessions.set(processId, opened);
      return opened;
    },
    sessions: listSessions,
    cancel,
    terminate,
    async close() {
      closed = true;
      const reason = new SqlError(SQL_STATE.adminShutdown, "terminating connection due to administrator command", {
        severity: "FATAL",
        detail: "The database is shutting down.",
      });
      await Promise.all([...sessions.values()].map((session) => session.end(reason)));
    },
  };
}

function newUser(name: string): string {
  return `INSERT INTO penstock_catalog.roles (oid, kind, name) VALUES (CAST(nextval('penstock_catalog.oids') AS INTEGER), 'user', ${textLiteral(name)})`;
}

/** Brings tables and users that the catalog does not know into it, then reads it. */
async function prepareCatalog(
  connect: () => Promise<EngineConnection>,
  clock: Clock,
  users: readonly string[],
  prepareSystem: SqlEngineOptions["prepareSystem"],
): Promise<Snapshot> {
  const connection = await connect();
  const read = (sql: string) => connection.rows(sql);
  try {
    const found = await loadCatalog(read, 1);
    const unknown = users.filter((name) => name !== OWNER && !found.roles.has(roleKey("user", name)));
    const missing = [
      ...(await adoptedObjects(read, found, { owner: OWNER, nowMs: clock.now() })),
      ...unknown.map(newUser),
    ];
    if (missing.length > 0) await connection.run(["BEGIN TRANSACTION", ...missing, "COMMIT"].join(";\n"));
    await prepareSystem?.(connection);
    return missing.length > 0 ? await loadCatalog(read, 1) : found;
  } finally {
    connection.close();
  }
}
