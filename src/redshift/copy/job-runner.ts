/** Runs the jobs that are AUTO ON: looks for files that are new, loads them, and passes by those that failed once. */
import type { Clock } from "../../core/clock.js";
import type { SqlDatabase, SqlSession } from "../database.js";
import { storeCopyJobFiles } from "../system/load-log.js";
import { type ChosenFiles, filesOf } from "./job-handler.js";
import { type ReadRows, readJobFiles, readJobs, type StoredJob } from "./job-store.js";
import type { LoadServices } from "./services.js";

export interface JobRunnerOptions {
  readonly database: SqlDatabase;
  readonly services: LoadServices;
  readonly chosen: ChosenFiles;
  /** On a connection of its own, apart from all sessions. */
  readonly own: { rows: ReadRows; run(sql: string): Promise<unknown> };
  readonly clock: Clock;
  readonly intervalMs?: number;
  onError(error: unknown, job: string): void;
}

const INTERVAL_MS = 2_000;

export interface JobRunner {
  /** One look at all jobs; for tests, and for whoever will not wait. */
  runOnce(): Promise<void>;
  close(): Promise<void>;
}

export function startJobRunner(options: JobRunnerOptions): JobRunner {
  const { database, services, chosen, own, clock, intervalMs = INTERVAL_MS } = options;
  const stop = new AbortController();
  let turn: Promise<void> = Promise.resolve();

  async function look(): Promise<void> {
    for (const job of await readJobs(own.rows)) {
      if (stop.signal.aborted) return;
      if (!job.auto) continue;
      await runJob(job).catch((error: unknown) => options.onError(error, job.name));
    }
  }

  async function runJob(job: StoredJob): Promise<void> {
    const known = await readJobFiles(own.rows, job.id);
    const fresh = (await filesOf(job.source, services)).filter(({ url }) => !known.has(url));
    if (fresh.length === 0) return;
    const session = await database.connect({
      user: job.user,
      database: database.name,
      applicationName: `copy job ${job.name}`,
    });
    try {
      const all = await load(
        session,
        job,
        fresh.map(({ url }) => url),
      );
      if (all === undefined) return;
      // One bad file must not keep back the others: each by itself.
      for (const file of fresh) {
        if (stop.signal.aborted) return;
        const error = fresh.length === 1 ? all : await load(session, job, [file.url]);
        if (error === undefined) continue;
        await own.run(
          storeCopyJobFiles(job.id, [
            { url: file.url, sizeBytes: file.sizeBytes, status: "failed", seenAtMs: clock.now() },
          ]),
        );
        options.onError(error, job.name);
      }
    } finally {
      chosen.delete(session.processId);
      await session.close();
    }
  }

  /** Answers what went wrong. */
  async function load(session: SqlSession, job: StoredJob, urls: readonly string[]): Promise<unknown> {
    chosen.set(session.processId, new Set(urls));
    try {
      const [statement] = session.parse(`COPY JOB RUN "${job.name.replaceAll('"', '""')}"`);
      await session.execute(await session.prepare(statement!));
      return undefined;
    } catch (error) {
      return error;
    }
  }

  const runOnce = () => {
    turn = turn.then(look, look);
    return turn;
  };

  async function watch(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        await clock.sleep(intervalMs, stop.signal);
      } catch {
        return;
      }
      await runOnce().catch((error: unknown) => options.onError(error, ""));
    }
  }
  const watching = watch();

  return {
    runOnce,
    async close() {
      stop.abort(new Error("closing"));
      await watching;
      await turn.catch(() => undefined);
    },
  };
}
