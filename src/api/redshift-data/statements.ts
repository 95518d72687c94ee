/** All statements of the last day: takes them in, runs a few at a time, keeps their results, forgets them when their time is over. */
import { join } from "node:path";
import type { Clock } from "../../core/clock.js";
import type { Disk } from "../../disk/disk.js";
import type { SqlDatabase } from "../../redshift/database.js";
import { AwsError } from "../aws/aws-error.js";
import { invalid, statementErrorText } from "./errors.js";
import { ACTIVE_STATEMENTS_MAX, CLIENT_TOKEN_MS, KEPT_MS, RUNNING_MAX } from "./limits.js";
import { moment, runStatement } from "./run-statement.js";
import { type DataSession, type DataSessions, dataSessions, type SessionRequest } from "./sessions.js";
import { isEnded, move, newStatement, type Part, type Statement, type Submission } from "./statement.js";

export interface Statements {
  readonly sessions: DataSessions;
  /** Accepts a statement; the same client token again within its time answers the first one. */
  submit(
    submission: Omit<Submission, "target"> & { readonly target?: Submission["target"] },
    how: Submitting,
  ): Statement;
  find(id: string): Statement | undefined;
  /** Newest first. */
  list(): readonly Statement[];
  /** False where it has ended already. */
  cancel(statement: Statement): boolean;
  close(): Promise<void>;
}

export interface Submitting extends SessionRequest {
  readonly clientToken?: string | undefined;
}

export interface StatementsOptions {
  readonly database: SqlDatabase;
  readonly disk: Disk;
  readonly clock: Clock;
  /** For results beyond their first page; emptied at the start. */
  readonly directory: string;
  readonly newId: () => string;
}

export async function openStatements(options: StatementsOptions): Promise<Statements> {
  const { database, disk, clock, directory, newId } = options;
  await disk.removeAll(directory);
  const sessions = dataSessions({ database, clock, newId });
  const statements = new Map<string, Statement>();
  const tokens = new Map<string, { readonly id: string; readonly request: string; readonly atMs: number }>();
  const queue: { readonly statement: Statement; readonly session: DataSession }[] = [];
  const running = new Set<Promise<void>>();
  let closing = false;

  function forgetOld(): void {
    const now = clock.now();
    // In the order of their submission: the first that is young enough ends it.
    for (const [id, one] of statements) {
      if (one.createdAtMs > now - KEPT_MS) break;
      if (!isEnded(one)) continue;
      statements.delete(id);
      for (const part of one.parts) part.result?.remove().catch(() => undefined);
      disk.removeAll(join(directory, id)).catch(() => undefined);
    }
    for (const [token, { atMs }] of tokens) {
      if (atMs > now - CLIENT_TOKEN_MS) break;
      tokens.delete(token);
    }
  }

  function start(): void {
    while (running.size < RUNNING_MAX && !closing) {
      const next = queue.shift();
      if (next === undefined) return;
      const work: Promise<void> = run(next.statement, next.session).finally(() => {
        running.delete(work);
        start();
      });
      running.add(work);
    }
  }

  async function run(statement: Statement, session: DataSession): Promise<void> {
    try {
      move(statement, "PICKED", moment(clock));
      const connection = await sessions.connect(session);
      statement.processId = connection.processId;
      await runStatement(statement, { session: connection, disk, clock, directory });
    } catch (error) {
      if (!isEnded(statement)) endAll(statement, "FAILED", statementErrorText(error));
    } finally {
      await sessions.release(session).catch(() => undefined);
      statement.end();
    }
  }

  function endAll(statement: Statement, status: "FAILED" | "ABORTED", error: string): void {
    for (const one of [...statement.parts, statement] as (Part | Statement)[]) {
      if (!isEnded(one)) move(one, status, moment(clock), error);
    }
  }

  /** What must be alike for a token to mean the same request. */
  function requestText(submission: object, how: Submitting): string {
    return JSON.stringify([submission, how.sessionId, how.keepAliveSeconds]);
  }

  return {
    sessions,
    submit: (asked, how) => {
      if (closing) throw new AwsError("InternalServerException", "The Data API is closing.", 500, "Message");
      forgetOld();
      const text = requestText(asked, how);
      const earlier = how.clientToken === undefined ? undefined : tokens.get(how.clientToken);
      const found = earlier === undefined ? undefined : statements.get(earlier.id);
      if (earlier !== undefined && found !== undefined) {
        if (earlier.request === text) return found;
        throw invalid("The client token was used within the last 8 hours for a request with other parameters.");
      }
      const active = [...statements.values()].filter((one) => !isEnded(one)).length;
      if (active >= ACTIVE_STATEMENTS_MAX) {
        const full = `${ACTIVE_STATEMENTS_MAX} statements are active, which is the most there may be.`;
        throw new AwsError("ActiveStatementsExceededException", full, 400, "Message");
      }
      const id = newId();
      const session = sessions.take(how, id, asked);
      const statement = newStatement(id, { ...asked, target: session.target }, clock.now());
      if (session.keepAliveSeconds > 0) statement.sessionId = session.id;
      statements.set(id, statement);
      if (how.clientToken !== undefined) tokens.set(how.clientToken, { id, request: text, atMs: clock.now() });
      queue.push({ statement, session });
      // Begun behind the answer, which says SUBMITTED.
      setImmediate(start);
      return statement;
    },
    find: (id) => {
      forgetOld();
      return statements.get(id);
    },
    list: () => {
      forgetOld();
      return [...statements.values()].reverse();
    },
    cancel: (statement) => {
      if (isEnded(statement)) return false;
      statement.cancelled.abort();
      const waiting = queue.findIndex((one) => one.statement === statement);
      if (waiting >= 0) {
        const [removed] = queue.splice(waiting, 1);
        endAll(statement, "ABORTED", "Query cancelled on user's request.");
        statement.end();
        sessions.release(removed!.session).catch(() => undefined);
      }
      return true;
    },
    close: async () => {
      closing = true;
      for (const { statement } of queue.splice(0)) {
        endAll(statement, "ABORTED", "The Data API is closing.");
        statement.end();
      }
      for (const statement of statements.values()) if (!isEnded(statement)) statement.cancelled.abort();
      await Promise.all(running);
      await sessions.close();
      await disk.removeAll(directory);
    },
  };
}
