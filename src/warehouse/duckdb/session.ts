import type { DuckDBConnection, DuckDBInstance, DuckDBMaterializedResult, DuckDBValue } from "@duckdb/node-api";
import type { Clock } from "../../core/clock.js";
import { isPenstockError, messageOf, PenstockError } from "../../core/errors.js";
import type { Gate } from "../../core/gate.js";
import type { LoadStatement } from "../warehouse.js";

const INTERRUPT_AGAIN_MS = 20;

/** What every statement of a driver needs beside its SQL. */
export interface Engine {
  readonly instance: DuckDBInstance;
  readonly gate: Gate;
  readonly clock: Clock;
}

export interface Session {
  readonly connection: DuckDBConnection;
  /** One statement (or several, the last one's result), through the gate; never once the limit has been reached. */
  run(sql: string, values?: DuckDBValue[]): Promise<DuckDBMaterializedResult>;
  /** Anything else that calls into the engine. */
  call<T>(work: () => Promise<T>): Promise<T>;
  /** From here on the limit interrupts nothing: used around COMMIT, whose outcome must not hang in the air. */
  shield(): void;
}

export interface SessionLimit {
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
  readonly onStatement?: (statement: LoadStatement) => void;
}

/**
 * Runs work on a connection of its own. When the deadline passes or the signal fires, the statement that runs is interrupted, those that
 * follow are not begun, and the work fails with `timeout`, or with the signal's reason where that is an error of ours.
 */
export async function withSession<T>(
  engine: Engine,
  limit: SessionLimit,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  if (limit.signal?.aborted) throw cancelled(limit.signal);
  const connection = await engine.gate(() => engine.instance.connect());
  const finished = new AbortController();
  let stopped: unknown;
  let shielded = false;
  let running = false;
  let insisting: NodeJS.Timeout | undefined;
  const stop = (reason: unknown) => {
    if (shielded || finished.signal.aborted || stopped !== undefined) return;
    stopped = reason;
    // Between two calls, too: a result that is being read is computed ahead.
    connection.interrupt();
    // DuckDB forgets an interrupt that comes just before its thread has begun the statement.
    if (running) insisting = setInterval(() => connection.interrupt(), INTERRUPT_AGAIN_MS);
  };
  const onAbort = () => stop(cancelled(limit.signal));
  // It may have fired while the connection was being made.
  if (limit.signal?.aborted) onAbort();
  else limit.signal?.addEventListener("abort", onAbort, { once: true });
  if (limit.deadlineMs !== undefined) {
    const deadlineMs = limit.deadlineMs;
    engine.clock.sleep(deadlineMs, finished.signal).then(
      () =>
        stop(
          new PenstockError("timeout", `The statement took longer than its limit of ${deadlineMs} ms and was stopped.`),
        ),
      () => undefined,
    );
  }
  const call = <R>(task: () => Promise<R>): Promise<R> =>
    engine.gate(async () => {
      if (stopped !== undefined) throw stopped;
      running = true;
      try {
        return await task();
      } catch (error) {
        throw stopped ?? error;
      } finally {
        // Before anything else runs on the connection: a ROLLBACK must not be interrupted.
        running = false;
        clearInterval(insisting);
      }
    });
  try {
    return await work({
      connection,
      call,
      run: (sql, values) => {
        const run = () => connection.run(sql, values);
        return call(
          limit.onStatement === undefined ? run : observed(engine.clock, limit.onStatement, sql, values, run),
        );
      },
      shield: () => {
        if (stopped !== undefined) throw stopped;
        shielded = true;
      },
    });
  } finally {
    finished.abort();
    limit.signal?.removeEventListener("abort", onAbort);
    connection.closeSync();
  }
}

/** The statement, told of with its outcome. Its text is there already; the note costs two looks at the clock. */
function observed(
  clock: Clock,
  onStatement: (statement: LoadStatement) => void,
  sql: string,
  values: DuckDBValue[] | undefined,
  run: () => Promise<DuckDBMaterializedResult>,
): () => Promise<DuckDBMaterializedResult> {
  return async () => {
    const startedAtMs = clock.now();
    const beganMs = clock.monotonic();
    const tell = (outcome: Pick<LoadStatement, "rowsChanged" | "failure">) => {
      const given = values === undefined ? {} : { values: values.map(String) };
      onStatement({ sql, ...given, startedAtMs, tookMs: clock.monotonic() - beganMs, ...outcome });
    };
    try {
      const result = await run();
      tell(result.rowsChanged > 0 ? { rowsChanged: result.rowsChanged } : {});
      return result;
    } catch (error) {
      tell({ failure: messageOf(error) });
      throw error;
    }
  };
}

/** The signal's reason, as an error of ours: a cancelled statement is nobody's bad object. */
function cancelled(signal: AbortSignal | undefined): PenstockError {
  const reason: unknown = signal?.reason;
  if (isPenstockError(reason)) return reason;
  return new PenstockError("timeout", "The statement was cancelled.", { cause: reason });
}

/**
 * Work between BEGIN and COMMIT. A failure before COMMIT rolls everything back; `commit: false` does so in any case.
 * Nothing interrupts a COMMIT that has begun, so its answer is the truth.
 */
export async function transaction<T>(
  session: Session,
  work: () => Promise<T>,
  options: { readonly commit?: boolean } = {},
): Promise<T> {
  await session.run("BEGIN TRANSACTION");
  let result: T;
  try {
    result = await work();
    if (options.commit === false) {
      await session.connection.run("ROLLBACK");
      return result;
    }
    session.shield();
  } catch (error) {
    // Past the gate and the limit on purpose: a transaction left open would hold its locks. After some errors it is gone already.
    await session.connection.run("ROLLBACK").catch(() => undefined);
    throw error;
  }
  // Commit point. Before: DuckDB's log has no commit record, and the next start sees nothing of the transaction. After: the record
  // is written and synced, and every row of it, the ledger's too, is there.
  await session.run("COMMIT");
  return result;
}
