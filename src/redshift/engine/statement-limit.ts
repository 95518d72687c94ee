/** What stops a statement from outside itself: its time limit, a cancel, the caller's signal, the end of the session. */
import type { Clock } from "../../core/clock.js";
import { SQL_STATE, SqlError } from "../sql-error.js";

export interface StatementLimit {
  /** Why it was stopped; undefined while it may go on. */
  readonly stopped: SqlError | undefined;
  stop(reason: SqlError): void;
  /** Told once, at once where it has been stopped already. Answers how to be told no more. */
  onStop(listener: (reason: SqlError) => void): () => void;
  /** From here on nothing stops it: for COMMIT, whose outcome must not hang in the air. */
  shield(): void;
  /** No more timers and listeners. */
  end(): void;
}

export interface LimitOptions {
  readonly clock: Clock;
  /** 0 for none. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** For messages. */
  readonly queryId: number;
}

/** Without a reason of ours, each statement's end would make an error with its stack. */
const OVER = "over";

export function statementLimit({ clock, timeoutMs, signal, queryId }: LimitOptions): StatementLimit {
  const listeners = new Set<(reason: SqlError) => void>();
  const finished = new AbortController();
  let stopped: SqlError | undefined;
  let shielded = false;
  const stop = (reason: SqlError) => {
    if (stopped !== undefined || shielded || finished.signal.aborted) return;
    stopped = reason;
    for (const listener of listeners) listener(reason);
    listeners.clear();
  };
  const onAbort = () => stop(cancelledByUser(queryId));
  if (signal?.aborted === true) stop(cancelledByUser(queryId));
  signal?.addEventListener("abort", onAbort, { once: true });
  if (timeoutMs > 0 && stopped === undefined) {
    clock.sleep(timeoutMs, finished.signal).then(
      () => stop(timedOut(queryId, timeoutMs)),
      () => undefined,
    );
  }
  return {
    get stopped() {
      return stopped;
    },
    stop,
    onStop(listener) {
      if (stopped !== undefined) listener(stopped);
      else listeners.add(listener);
      return () => listeners.delete(listener);
    },
    shield() {
      if (stopped !== undefined) throw stopped;
      shielded = true;
    },
    end() {
      finished.abort(OVER);
      signal?.removeEventListener("abort", onAbort);
      listeners.clear();
    },
  };
}

export function cancelledByUser(queryId: number): SqlError {
  return new SqlError(SQL_STATE.queryCanceled, `Query (${queryId}) cancelled on user's request`);
}

function timedOut(queryId: number, timeoutMs: number): SqlError {
  return new SqlError(SQL_STATE.queryCanceled, `Query (${queryId}) cancelled: it took longer than ${timeoutMs} ms`, {
    hint: "Make it do less, or raise statement_timeout (milliseconds; 0 is Penstock's own limit).",
  });
}
