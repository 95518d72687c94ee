/** The Data API's own sessions: database sessions that outlive a statement because somebody asked for it with SessionKeepAliveSeconds. */
import type { Clock } from "../../core/clock.js";
import type { SessionOptions, SqlDatabase, SqlSession } from "../../redshift/database.js";
import { AwsError } from "../aws/aws-error.js";
import { invalid } from "./errors.js";
import { KEPT_MS, SESSIONS_MAX } from "./limits.js";
import type { Submission, Target } from "./statement.js";

export type SessionStatus = "AVAILABLE" | "BUSY" | "CLOSED";

export interface DataSession {
  readonly id: string;
  readonly target: Target;
  readonly caller?: string;
  readonly createdAtMs: number;
  updatedAtMs: number;
  status: SessionStatus;
  keepAliveSeconds: number;
  /** Undefined while a statement runs. */
  expiresAtMs: number | undefined;
  statementId: string | undefined;
  session: SqlSession | undefined;
}

export interface DataSessions {
  /** Makes one, or takes one that is there, for a statement. */
  take(
    request: SessionRequest,
    statementId: string,
    by: Pick<Submission, "caller"> & { readonly target?: Target },
  ): DataSession;
  find(id: string): DataSession | undefined;
  /** The database's session, opened when first needed. */
  connect(session: DataSession): Promise<SqlSession>;
  /** The statement is done: kept alive from now, or closed. */
  release(session: DataSession): Promise<void>;
  list(): readonly DataSession[];
  close(): Promise<void>;
}

export interface SessionRequest {
  readonly sessionId?: string | undefined;
  readonly keepAliveSeconds?: number | undefined;
}

export interface DataSessionsOptions {
  readonly database: SqlDatabase;
  readonly clock: Clock;
  readonly newId: () => string;
}

/** Whom a session is for: DbUser, or who asks, or, where nobody need say who they are, the owner. */
export function userOf(
  { target, caller }: { readonly target: Target; readonly caller?: string },
  database: Pick<SqlDatabase, "name">,
): Pick<SessionOptions, "user" | "actor"> {
  const user = target.dbUser ?? caller ?? database.name;
  return caller === undefined ? { user } : { user, actor: caller };
}

/** Sessions of others are not there; not even superusers go on in them. */
function isOf(session: DataSession, caller: string | undefined): boolean {
  return caller === undefined || session.caller === caller;
}

export function dataSessions({ database, clock, newId }: DataSessionsOptions): DataSessions {
  const sessions = new Map<string, DataSession>();
  const timers = new Map<string, AbortController>();

  /** What is closed is shown for as long as statements are. */
  function forgetOld(): void {
    for (const [id, one] of sessions) {
      if (one.status === "CLOSED" && one.updatedAtMs < clock.now() - KEPT_MS) sessions.delete(id);
    }
  }

  function setStatus(session: DataSession, status: SessionStatus): void {
    session.status = status;
    session.updatedAtMs = clock.now();
  }

  async function end(session: DataSession): Promise<void> {
    timers.get(session.id)?.abort();
    timers.delete(session.id);
    setStatus(session, "CLOSED");
    session.expiresAtMs = undefined;
    const open = session.session;
    session.session = undefined;
    await open?.close();
  }

  function expireIn(session: DataSession, ms: number): void {
    const timer = new AbortController();
    timers.set(session.id, timer);
    clock.sleep(ms, timer.signal).then(
      () => end(session).catch(() => undefined),
      () => undefined,
    );
  }

  return {
    take: ({ sessionId, keepAliveSeconds }, statementId, { target, caller }) => {
      forgetOld();
      const known = sessionId === undefined ? undefined : sessions.get(sessionId);
      if (sessionId !== undefined && (known === undefined || known.status === "CLOSED" || !isOf(known, caller))) {
        throw invalid(`Session ${sessionId} does not exist or has expired.`);
      }
      if (known?.status === "BUSY") {
        throw invalid(`Session ${known.id} is busy with statement ${known.statementId}; it runs one at a time.`);
      }
      if (known === undefined) {
        const open = [...sessions.values()].filter(({ status }) => status !== "CLOSED");
        if (open.length >= SESSIONS_MAX) {
          const text = `There are ${SESSIONS_MAX} sessions already; wait until one has expired.`;
          throw new AwsError("ActiveSessionsExceededException", text, 400, "Message");
        }
      }
      const session: DataSession = known ?? {
        id: newId(),
        target: target!,
        ...(caller === undefined ? {} : { caller }),
        createdAtMs: clock.now(),
        updatedAtMs: clock.now(),
        status: "BUSY",
        keepAliveSeconds: 0,
        expiresAtMs: undefined,
        statementId: undefined,
        session: undefined,
      };
      sessions.set(session.id, session);
      timers.get(session.id)?.abort();
      setStatus(session, "BUSY");
      session.expiresAtMs = undefined;
      session.statementId = statementId;
      if (keepAliveSeconds !== undefined) session.keepAliveSeconds = keepAliveSeconds;
      return session;
    },
    find: (id) => sessions.get(id),
    connect: async (session) => {
      if (session.session !== undefined) return session.session;
      const { target } = session;
      const opened = await database.connect({
        ...userOf(session, database),
        database: target.database,
        applicationName: "Redshift Data API",
        remote: "data-api",
      });
      // Ended from within (terminated, idle in a transaction): whoever comes next is told that the session is gone.
      opened.onEnd(() => {
        session.session = undefined;
        if (session.status === "AVAILABLE") end(session).catch(() => undefined);
      });
      session.session = opened;
      return opened;
    },
    release: async (session) => {
      session.statementId = undefined;
      if (session.keepAliveSeconds <= 0 || session.session === undefined) return end(session);
      setStatus(session, "AVAILABLE");
      const ms = session.keepAliveSeconds * 1000;
      session.expiresAtMs = clock.now() + ms;
      expireIn(session, ms);
    },
    list: () => {
      forgetOld();
      return [...sessions.values()];
    },
    close: async () => {
      await Promise.all([...sessions.values()].filter(({ status }) => status !== "CLOSED").map(end));
    },
  };
}
