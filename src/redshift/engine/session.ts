/** A session: its calls in turn, each statement under its limit and in its transaction. See transaction.ts for the states. */
import { messageOf } from "../../core/errors.js";
import type { RelationInfo } from "../binder/bound.js";
import { relationNames, relationNamesOfQuery } from "../binder/queries/relation-names.js";
import { isSuperuser } from "../catalog/rights.js";
import { type SessionCatalog, sessionCatalog } from "../catalog/session-catalog.js";
import { temporarySchema } from "../catalog/stored.js";
import type {
  ExecuteOptions,
  SessionInfo,
  SessionOptions,
  SqlNotice,
  SqlPrepared,
  SqlResult,
  SqlSession,
  SqlStatement,
  SqlValue,
} from "../database.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import { type ParsedStatement, parseStatements } from "../syntax/parse.js";
import type { SqlType } from "../types.js";
import type { EngineConnection } from "./connection.js";
import { sqlErrorOf } from "./engine-errors.js";
import { type Binding, bindStatement, parameterTypesOf } from "./prepare.js";
import type { OpenEntry } from "./query-log.js";
import { openResult, type ResultInside } from "./result.js";
import { openSettings, schemasOf } from "./settings.js";
import { cancelledByUser, type StatementLimit, statementLimit } from "./statement-limit.js";
import type { SessionCore, Shared } from "./statement-run.js";
import {
  type Access,
  accessOf,
  type EndListener,
  type Outcome,
  type StatementHandler,
  type StatementRun,
} from "./statement-run.js";
import { sessionTransaction } from "./transaction.js";

export interface SessionInside extends SqlSession {
  info(): SessionInfo;
  /** Ends it from within; `onEnd` is told why. */
  end(reason: SqlError): Promise<void>;
}

interface Prepared extends SqlPrepared {
  readonly parsed: ParsedStatement;
  readonly given: readonly (SqlType | undefined)[];
  binding: Binding;
}

interface Statement extends SqlStatement {
  readonly parsed: ParsedStatement;
}

/** Whatever a session sets: a transaction that nobody goes on with keeps the engine from clearing up. */
const IDLE_MS_MAX = 3_600_000;
/** The same of a statement. */
const STATEMENT_MS_MAX = 86_400_000;

/** In a failed transaction. */
const ENDING: ReadonlySet<string> = new Set(["commit", "rollback"]);

export function openSession(
  shared: Shared,
  connection: EngineConnection,
  options: SessionOptions & { readonly processId: number; readonly onClose: () => void },
): SessionInside {
  const { processId, user } = options;
  const { clock } = shared;
  const startedAtMs = clock.now();
  const settings = openSettings(
    user,
    {
      ...options.settings,
      ...(options.applicationName === undefined ? {} : { application_name: options.applicationName }),
    },
    shared.access === undefined || isSuperuser(shared.catalog.snapshot, user, shared.access),
  );
  const own = temporarySchema(processId);
  const results = new Set<ResultInside>();
  const noticeListeners: ((notice: SqlNotice) => void)[] = [];
  const endListeners: ((reason: Error) => void)[] = [];
  let last: Promise<unknown> = Promise.resolve();
  /** What a turn leaves to be done when its caller has its answer already; the next turn waits for it. */
  let afterTurn: Promise<void> | undefined;
  let waiting = 0;
  /** Of statements that run, or whose rows are being read. */
  const limits = new Set<StatementLimit>();
  let running: { readonly limit: StatementLimit; readonly queryId: number } | undefined;
  /** Of statements that are over, in a transaction that is not. */
  let unsettled: EndListener[] = [];
  let newest: string | undefined;
  let ended: SqlError | undefined;
  let idle: AbortController | undefined;

  const guarded: EngineConnection = {
    ...connection,
    run: async (sql, limit) => {
      await drainResults(limit);
      return connection.run(sql, limit);
    },
    rows: async (sql, limit) => {
      await drainResults(limit);
      return connection.rows(sql, limit);
    },
    stream: async (sql, parameters, limit) => {
      await drainResults(limit);
      return connection.stream(sql, parameters, limit);
    },
    call: async (work, limit) => {
      await drainResults(limit);
      return connection.call(work, limit);
    },
  };
  const transaction = sessionTransaction(shared.catalog, shared.rowChanges, guarded, settings);
  const catalog: SessionCatalog = sessionCatalog({
    database: shared.name,
    snapshot: () => transaction.snapshot,
    temporary: () => transaction.temporary,
    temporarySchema: own,
    searchPath: () => schemasOf(settings.get("search_path") ?? "", user),
    systemView: shared.systemView,
    external: shared.external,
    namesOfView: ({ view }) => (view === undefined ? [] : relationNamesOfQuery(view.query)),
  });

  const core: SessionCore = {
    shared,
    processId,
    user,
    connection: guarded,
    settings,
    transaction,
    catalog,
    temporarySchema: own,
    cursors: new Map(),
    named: new Map(),
    notice: (notice) => {
      for (const listener of noticeListeners) listener(notice);
    },
    commit: async (limit) => {
      discardCursors();
      await drainResults(limit);
      await transaction.commit(limit);
    },
    rollback: async () => {
      abandonResults(new SqlError(SQL_STATE.invalidCursorState, "the result's transaction was rolled back"));
      await transaction.rollback();
    },
  };

  /**
   * Before the connection is used for anything else, what open results have left is put aside. That may be much: the statement that waits for it
   * can be stopped meanwhile, and the results are lost with its transaction.
   */
  async function drainResults(limit?: StatementLimit): Promise<void> {
    for (const result of [...results]) await result.drain(limit);
    for (const { stream } of [...core.cursors.values()]) await stream.drain(limit);
  }

  /** Their transaction is over, or the session: the next read throws. */
  function abandonResults(reason: Error): void {
    for (const result of [...results]) result.abandon(reason);
    results.clear();
    discardCursors();
  }

  function discardCursors(): void {
    for (const { limit, stream } of core.cursors.values()) {
      limit.end();
      stream.discard();
    }
    core.cursors.clear();
  }

  /** One call at a time, in order. */
  function enqueue<T>(work: () => Promise<T>): Promise<T> {
    waiting++;
    idle?.abort();
    idle = undefined;
    const turn = last.then(work, work);
    last = turn
      .catch(() => undefined)
      .then(async () => {
        await afterTurn;
        afterTurn = undefined;
        waiting--;
        if (waiting === 0) watchIdle();
      });
    return turn;
  }

  /** A transaction that nobody goes on with keeps the engine from clearing up: it is ended. */
  function watchIdle(): void {
    if (ended !== undefined || transaction.mode === "none") return;
    const wanted = Number(settings.get("idle_in_transaction_session_timeout") ?? 0);
    const ms = wanted > 0 ? Math.min(wanted, IDLE_MS_MAX) : IDLE_MS_MAX;
    const watch = new AbortController();
    idle = watch;
    clock.sleep(ms, watch.signal).then(
      () =>
        end(
          new SqlError(
            SQL_STATE.idleInTransactionTimeout,
            "terminating connection due to idle-in-transaction timeout",
            { severity: "FATAL", hint: "Connect again, and end transactions with COMMIT or ROLLBACK." },
          ),
        ),
      () => undefined,
    );
  }

  function checkOpen(): void {
    if (ended !== undefined) throw ended;
  }

  function checkTransaction(parsed: ParsedStatement): void {
    const { statement } = parsed;
    if (!transaction.failed || (statement.kind === "transaction" && ENDING.has(statement.action))) return;
    throw new SqlError(
      SQL_STATE.inFailedSqlTransaction,
      "current transaction is aborted, commands ignored until end of transaction block",
      { hint: "ROLLBACK, then begin it again." },
    );
  }

  async function fail(error: unknown, relation?: string): Promise<SqlError> {
    const known = sqlErrorOf(error, relation);
    if (transaction.failed) return known;
    abandonResults(known);
    await transaction.fail();
    return known;
  }

  async function settle(refusal?: SqlError): Promise<void> {
    const listeners = unsettled;
    unsettled = [];
    for (const listener of listeners) {
      // What is committed stays so, and the client must not take it for undone.
      await listener(refusal).catch((error: unknown) =>
        core.notice({ severity: "WARNING", message: `The logs of loads could not be written: ${messageOf(error)}` }),
      );
    }
  }

  function handlerOf(parsed: ParsedStatement): StatementHandler {
    const handler = shared.handlers[parsed.statement.kind] as StatementHandler | undefined;
    if (handler !== undefined) return handler;
    throw new SqlError(SQL_STATE.featureNotSupported, `${parsed.verb} is not supported`, { at: 0 });
  }

  /** For EXECUTE what was prepared under the name. */
  function runs(parsed: ParsedStatement): ParsedStatement {
    const { statement } = parsed;
    return statement.kind === "execute" ? (core.named.get(statement.name)?.parsed ?? parsed) : parsed;
  }

  function checkAccess(parsed: ParsedStatement, handler: StatementHandler): void {
    if (handler.alone === true && transaction.mode === "explicit") {
      throw new SqlError(SQL_STATE.activeSqlTransaction, `${parsed.verb} cannot run inside a transaction block`);
    }
    if (accessOf(handler, parsed.statement, core) !== "write") return;
    const readOnly =
      options.readOnly === true ||
      transaction.readOnly ||
      settings.get("transaction_read_only") === "on" ||
      settings.get("default_transaction_read_only") === "on";
    const { statement } = runs(parsed);
    const writes = statement.kind === "copy-stdio" ? statement.direction === "in" : WRITES.has(statement.kind);
    if (readOnly && writes) {
      throw new SqlError("25006", `cannot execute ${runs(parsed).verb} in a read-only transaction`, {
        hint:
          options.readOnly === true
            ? "This connection may read only."
            : "SET default_transaction_read_only TO off, or begin the transaction without READ ONLY.",
      });
    }
  }

  async function bindFor(
    parsed: ParsedStatement,
    handler: StatementHandler,
    given: readonly (SqlType | undefined)[],
  ): Promise<Binding> {
    return bindStatement({ core, parsed, handler, given });
  }

  async function execute(
    prepared: Prepared,
    parameters: readonly SqlValue[],
    executeOptions: ExecuteOptions,
  ): Promise<SqlResult> {
    checkOpen();
    const { parsed } = prepared;
    const began = clock.monotonic();
    const entry = shared.log.begin({
      sql: parsed.sql,
      verb: parsed.verb,
      user,
      processId,
      transactionId: transaction.id,
      applicationName: settings.get("application_name") ?? "",
      queryGroup: settings.get("query_group") ?? "default",
      startedAtMs: clock.now(),
    });
    newest = entry.sql;
    const limit = newLimit(entry.id, executeOptions);
    limits.add(limit);
    running = { limit, queryId: entry.id };
    const finish = (state: "success" | "failed" | "canceled", rows: number, error?: SqlError) => {
      limit.end();
      limits.delete(limit);
      if (running?.limit === limit) running = undefined;
      entry.end({
        state,
        rows,
        durationMs: clock.monotonic() - began,
        ...(error === undefined ? {} : { error: error.message }),
      });
    };
    try {
      checkTransaction(parsed);
      const handler = handlerOf(parsed);
      checkAccess(parsed, handler);
      await settle();
      const outcome = await carryOut(prepared, handler, { parameters, limit, entry, executeOptions });
      return await answer(outcome, accessOf(handler, parsed.statement, core), { limit, entry, finish });
    } catch (error) {
      const known = await fail(limit.stopped ?? error);
      await settle(known);
      finish(known.state === SQL_STATE.queryCanceled ? "canceled" : "failed", 0, known);
      throw known;
    }
  }

  function newLimit(queryId: number, { timeoutMs, signal }: ExecuteOptions): StatementLimit {
    const limits = [Number(settings.get("statement_timeout") ?? 0), timeoutMs ?? 0].filter((ms) => ms > 0);
    return statementLimit({
      clock,
      timeoutMs: limits.length === 0 ? shared.limits.statementMsMax : Math.min(...limits, STATEMENT_MS_MAX),
      queryId,
      ...(signal === undefined ? {} : { signal }),
    });
  }

  async function carryOut(
    prepared: Prepared,
    handler: StatementHandler,
    given: {
      readonly parameters: readonly SqlValue[];
      readonly limit: StatementLimit;
      readonly entry: OpenEntry;
      readonly executeOptions: ExecuteOptions;
    },
  ): Promise<Outcome> {
    const { limit, entry } = given;
    const access = accessOf(handler, prepared.parsed.statement, core);
    // A query alone, too: DuckDB plans and runs a statement in two transactions where none is open, and a plan made by the statistics of the rows
    // before a load reads those behind it wrongly (a text of three letters, packed as one of one).
    if (access !== "none") await transaction.open(limit);
    if (access === "write") noteWrites(prepared.parsed);
    if (!prepared.binding.isFresh()) {
      prepared.binding = await bindFor(prepared.parsed, handler, prepared.given);
      checkTold(prepared);
    }
    const { bound, types } = prepared.binding;
    const run: StatementRun = {
      bound,
      sql: prepared.parsed.sql,
      queryId: entry.id,
      core,
      connection: guarded,
      limit,
      parameters: { values: given.parameters, types },
      options: given.executeOptions,
      reads: (relations: readonly RelationInfo[]) => entry.reads(relations),
      atEnd: (listener) => void unsettled.push(listener),
      context: (parameterTypes = [], as) => prepared.binding.context(parameterTypes, as),
    };
    const state = shared.systemState?.(textOf(bound), core);
    if (state !== undefined) await guarded.run(state, limit);
    return handler.run(prepared.parsed.statement, run);
  }

  /** Every relation that a changing statement names: its target is among them, and to take what it reads for changed does no harm. */
  function noteWrites(parsed: ParsedStatement): void {
    const { statement } = runs(parsed);
    if (!ROW_WRITES.has(statement.kind)) return;
    const named = relationNames(statement).flatMap((name) => catalog.find(name)?.oid ?? []);
    transaction.noteWrites(named);
  }

  async function answer(
    outcome: Outcome,
    access: Access,
    { limit, entry, finish }: { limit: StatementLimit; entry: OpenEntry; finish: Finish },
  ): Promise<SqlResult> {
    const alone = transaction.mode === "none";
    if (outcome.stream === undefined && outcome.chunks === undefined) {
      if (alone && access !== "none") await transaction.commit(limit);
      if (transaction.mode !== "implicit") await settle();
      finish("success", outcome.changed ?? outcome.rows?.length ?? 0);
    }
    const result = openResult({
      outcome,
      queryId: entry.id,
      timezone: settings.get("timezone") ?? "UTC",
      enqueue,
      async onEnd(rows) {
        results.delete(result.inside);
        if (alone && transaction.mode === "none") {
          // A query has changed nothing: its rows need not wait for the end of its transaction, which can undo none of them.
          if (access === "read") afterTurn = transaction.commit().catch(() => undefined);
          else if (access === "write") await transaction.commit();
        }
        finish("success", rows);
      },
      onAbandon: (rows, reason) => finish("canceled", rows, sqlErrorOf(reason)),
      async onError(error) {
        results.delete(result.inside);
        const known = await fail(limit.stopped ?? error);
        finish(known.state === SQL_STATE.queryCanceled ? "canceled" : "failed", 0, known);
        return known;
      },
    });
    if (outcome.stream !== undefined || outcome.chunks !== undefined) {
      results.add(result.inside);
      // Nobody may be reading when its time is over.
      limit.onStop((reason) => {
        if (results.has(result.inside)) void enqueue(() => result.inside.stop(reason)).catch(() => undefined);
      });
    }
    return result.result;
  }

  async function end(reason: SqlError): Promise<void> {
    if (ended !== undefined) return;
    await close(reason);
    for (const listener of endListeners) listener(reason);
  }

  async function close(reason: SqlError): Promise<void> {
    if (ended !== undefined) return;
    ended = reason;
    for (const limit of [...limits]) limit.stop(reason);
    await enqueue(async () => {
      abandonResults(reason);
      await transaction.rollback().catch(() => undefined);
      await settle(reason);
      connection.close();
    });
    idle?.abort();
    options.onClose();
  }

  return {
    processId,
    user,
    get transaction() {
      if (transaction.failed) return "failed";
      return transaction.mode === "none" ? "idle" : "open";
    },
    setting: (name) => settings.get(name),
    onSetting: (listener) => settings.onChange(listener),
    onNotice: (listener) => {
      noticeListeners.push(listener);
    },
    onEnd: (listener) => {
      endListeners.push(listener);
    },

    parse(sql) {
      try {
        return parseStatements(sql).map((parsed): Statement => ({ sql: parsed.sql, verb: parsed.verb, parsed }));
      } catch (error) {
        if (ended === undefined) void enqueue(() => fail(error)).catch(() => undefined);
        throw sqlErrorOf(error);
      }
    },

    prepare: (statement, parameterTypes = []) =>
      enqueue(async (): Promise<Prepared> => {
        checkOpen();
        const { parsed } = statement as Statement;
        try {
          checkTransaction(parsed);
          const handler = handlerOf(parsed);
          checkAccess(parsed, handler);
          const binding = await bindFor(parsed, handler, parameterTypes);
          return {
            statement,
            parsed,
            given: parameterTypes,
            binding,
            parameters: parameterTypesOf(binding, parsed),
            columns: binding.columns,
          };
        } catch (error) {
          throw await fail(error);
        }
      }),

    execute: (prepared, parameters = [], executeOptions = {}) =>
      enqueue(() => execute(prepared as Prepared, parameters, executeOptions)),

    beginImplicit: () => void enqueue(async () => transaction.beginImplicit()).catch(() => undefined),

    endImplicit: (outcome) =>
      enqueue(async () => {
        if (transaction.mode !== "implicit") return;
        // As in PostgreSQL, what was not read by then is not read any more.
        abandonResults(new SqlError(SQL_STATE.invalidCursorState, "the result's transaction has ended"));
        if (outcome === "rollback" || transaction.failed) {
          await transaction.rollback();
          await settle(rolledBack());
          return;
        }
        try {
          await transaction.commit();
        } catch (error) {
          const known = await fail(error);
          await settle(known);
          throw known;
        }
        await settle();
      }),

    cancel: () => running?.limit.stop(cancelledByUser(running.queryId)),
    close: () => close(new SqlError(SQL_STATE.connectionFailure, "the session is closed")),
    end,
    info: () => ({
      processId,
      user,
      applicationName: settings.get("application_name") ?? "",
      remote: options.remote ?? "",
      startedAtMs,
      state: transaction.failed
        ? "failed-transaction"
        : waiting > 0
          ? "active"
          : transaction.mode === "none"
            ? "idle"
            : "in-transaction",
      sql: newest,
    }),
  };
}

/** A driver was told of columns and parameters, and reads and writes them so. */
function checkTold({ parsed, binding, columns, parameters }: Prepared): void {
  const types = (of: readonly { readonly type: SqlType }[] | undefined) => JSON.stringify(of?.map(({ type }) => type));
  const same =
    types(columns) === types(binding.columns) &&
    JSON.stringify(parameters) === JSON.stringify(parameterTypesOf(binding, parsed));
  if (same) return;
  throw new SqlError(SQL_STATE.featureNotSupported, "cached plan must not change result type", {
    hint: "A table that the statement reads was changed since it was prepared: prepare it again.",
  });
}

function rolledBack(): SqlError {
  return new SqlError(SQL_STATE.inFailedSqlTransaction, "the transaction was rolled back");
}

type Finish = (state: "success" | "failed" | "canceled", rows: number, error?: SqlError) => void;

/** Kinds whose `write` is one indeed, for sessions that may only read. (EXPLAIN, ANALYZE and cursors run several statements, and change nothing.) */
const WRITES: ReadonlySet<string> = new Set([
  // With an INTO.
  "query-statement",
  "insert",
  "update",
  "delete",
  "merge",
  "truncate",
  "create-table",
  "create-table-as",
  "create-view",
  "create-materialized-view",
  "refresh-materialized-view",
  "create-schema",
  "create-external-schema",
  "create-external-table",
  "alter-table",
  "alter-schema",
  "alter-materialized-view",
  "drop",
  "copy",
  "copy-job",
  "unload",
  "comment",
  "grant",
  "revoke",
  "user",
  "call-procedure",
]);

/** Those of them that change rows of tables that are there before; COPY says so itself, for its jobs too. */
const ROW_WRITES: ReadonlySet<string> = new Set([
  "insert",
  "update",
  "delete",
  "merge",
  "truncate",
  "copy-stdio",
  "alter-table",
]);

/** What was bound, as DuckDB will have it; empty where a handler binds by itself. */
function textOf(bound: unknown): string {
  if (typeof bound !== "object" || bound === null) return "";
  if ("sql" in bound && typeof bound.sql === "string") return bound.sql;
  if ("query" in bound) return textOf(bound.query);
  return "inner" in bound ? textOf(bound.inner) : "";
}
