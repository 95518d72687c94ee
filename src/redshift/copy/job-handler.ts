/** COPY ... JOB CREATE, and COPY JOB RUN | ALTER | DROP | SHOW | LIST. */
import { bucketsFor, checkSuperuser } from "../engine/access.js";
import { newOid } from "../engine/ddl/catalog-work.js";
import { done, type Outcome, type StatementHandler, type StatementRun, textColumn } from "../engine/statement-run.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import type { Copy, CopyJob } from "../syntax/ast.js";
import { parseStatements } from "../syntax/parse.js";
import { forgetCopyJob, storeCopyJob, storeCopyJobFiles } from "../system/load-log.js";
import { bindCopy, copyFrom } from "./copy.js";
import { readJobFiles, readJobs, type StoredJob } from "./job-store.js";
import type { LoadRun, LoadServices } from "./services.js";
import { bucketOf, type SourceObject, s3Url } from "./source.js";

/** Which files a session's next run of a job is to load: the runner says so; without it, all that were not loaded. */
export type ChosenFiles = Map<number, ReadonlySet<string>>;

/** libpq reads what follows "COPY " in a tag as a number of rows, and psql complains of anything else. */
const TAG = "COPY";

const SHOWN = ["job_id", "job_name", "data_source", "copy_query", "target_table", "is_auto"];

export function copyJobHandler(
  shared: LoadServices,
  chosen: ChosenFiles,
  loadRun: (run: StatementRun<unknown>) => LoadRun,
): StatementHandler<CopyJob> {
  return {
    access: "write",
    alone: true,
    columns: ({ action }) =>
      (action === "show" ? SHOWN : action === "list" ? ["job_name"] : undefined)?.map(textColumn),
    async run(statement, run) {
      const buckets = bucketsFor(run.core, shared.buckets, "copy", statement.at);
      const services = { ...shared, buckets };
      switch (statement.action) {
        case "create":
          return create(statement, run, services);
        case "list":
          return answer(
            ["job_name"],
            (await jobs(run)).map(({ name }) => [name]),
          );
        case "show":
          return answer(SHOWN, [shown(await requireJob(statement, run))]);
        case "drop": {
          const job = await requireOwnJob(statement, run);
          await run.connection.run(forgetCopyJob(job.id), run.limit);
          return done(TAG);
        }
        case "alter": {
          const job = await requireOwnJob(statement, run);
          await store(run, { ...job, auto: statement.auto ?? job.auto });
          return done(TAG);
        }
        case "run": {
          const job = await requireOwnJob(statement, run);
          const rows = await runJob(job, loadRun(run), services, chosen.get(run.core.processId));
          return done(TAG, rows);
        }
      }
    },
  };
}

function jobs(run: StatementRun<unknown>, name?: string): Promise<StoredJob[]> {
  return readJobs((sql) => run.connection.rows(sql, run.limit), name);
}

async function requireJob({ name = "", at }: CopyJob, run: StatementRun<unknown>): Promise<StoredJob> {
  const [job] = await jobs(run, name);
  if (job !== undefined) return job;
  throw new SqlError(SQL_STATE.undefinedObject, `copy job "${name}" does not exist`, {
    at,
    hint: "COPY JOB LIST names those that do.",
  });
}

async function requireOwnJob(statement: CopyJob, run: StatementRun<unknown>): Promise<StoredJob> {
  const job = await requireJob(statement, run);
  if (job.user !== run.core.user) checkSuperuser(run.core, "use the copy job of another user", statement.at);
  return job;
}

async function store(run: StatementRun<unknown>, job: StoredJob): Promise<void> {
  const { id, ...rest } = job;
  await run.connection.run(storeCopyJob({ jobId: id, ...rest }), run.limit);
}

async function create(statement: CopyJob, run: StatementRun<unknown>, services: LoadServices): Promise<Outcome> {
  const { name = "", copy, at } = statement;
  if (copy === undefined) throw new SqlError(SQL_STATE.syntaxError, "COPY JOB CREATE needs a COPY", { at });
  if ((await jobs(run, name)).length > 0)
    throw new SqlError(SQL_STATE.duplicateObject, `copy job "${name}" already exists`, { at });
  refuseForJobs(copy);
  const { target } = bindCopy(copy, run.context());
  const nowMs = services.clock.now();
  const id = await newOid(run);
  await store(run, {
    id,
    name,
    user: run.core.user,
    database: run.core.shared.name,
    table: { schema: target.relation.schema, name: target.relation.name },
    source: copy.from,
    sql: withoutJob(run.sql),
    auto: statement.auto ?? true,
    createdAtMs: nowMs,
  });
  // Files from before the job are not its own.
  const before = (await filesOf(copy.from, services)).map(({ url, sizeBytes }) => ({
    url,
    sizeBytes,
    status: "skipped" as const,
    seenAtMs: nowMs,
  }));
  if (before.length > 0) await run.connection.run(storeCopyJobFiles(id, before), run.limit);
  return done(TAG);
}

function refuseForJobs(copy: Copy): void {
  for (const { name, values, at } of copy.options) {
    if (["manifest", "maxerror", "max_error", "ignoreallerrors", "noload"].includes(name)) {
      throw new SqlError(SQL_STATE.featureNotSupported, `${name.toUpperCase()} is not supported for COPY JOB`, { at });
    }
    if (name === "iam_role" && values[0] === "default") {
      throw new SqlError(SQL_STATE.featureNotSupported, "IAM_ROLE default is not supported for COPY JOB", {
        at,
        hint: "Name the role: IAM_ROLE 'arn:aws:iam::<account>:role/<name>'.",
      });
    }
  }
}

/** The statement's text up to the words about the job. */
function withoutJob(sql: string): string {
  const places = [...sql.matchAll(/\bjob\s+create\b/gi)];
  return sql.slice(0, places.at(-1)?.index ?? sql.length).trim();
}

/** What is under the job's prefix now; nothing is no error. */
export async function filesOf(source: string, services: LoadServices): Promise<SourceObject[]> {
  const { bucket: name, key: prefix } = s3Url(source);
  const bucket = bucketOf(services.buckets, name);
  const objects: SourceObject[] = [];
  for (const { key, sizeBytes } of await bucket.list(prefix)) {
    const path = sizeBytes === 0 ? undefined : await bucket.localPath(key);
    if (path !== undefined) objects.push({ url: `s3://${name}/${key}`, bucket, key, path, sizeBytes });
  }
  return objects;
}

/** Loads, and notes in the same transaction what it has loaded: each file goes in once. */
async function runJob(
  job: StoredJob,
  run: LoadRun,
  services: LoadServices,
  only: ReadonlySet<string> | undefined,
): Promise<number> {
  const known = await readJobFiles((sql) => run.connection.rows(sql, run.limit), job.id);
  const files = (await filesOf(job.source, services)).filter(({ url }) => {
    const status = known.get(url);
    // Who runs a job by hand gives a file that failed another chance.
    return only === undefined ? status === undefined || status === "failed" : only.has(url) && status === undefined;
  });
  if (files.length === 0) return 0;
  const [parsed] = parseStatements(job.sql);
  if (parsed?.statement.kind !== "copy")
    throw new SqlError(SQL_STATE.internalError, `copy job "${job.name}" holds no COPY`);
  const copy: Copy = {
    ...parsed.statement,
    table: { ...parsed.statement.table, parts: [job.table.schema, job.table.name] },
  };
  const bound = bindCopy(copy, run.context);
  const { rows } = await copyFrom(copy, bound, { ...run, sql: job.sql }, services, {
    job: { name: job.name, objects: files },
  });
  const seenAtMs = services.clock.now();
  const loaded = files.map(({ url, sizeBytes }) => ({
    url,
    sizeBytes,
    status: "loaded" as const,
    queryId: run.queryId,
    seenAtMs,
  }));
  await run.connection.run(storeCopyJobFiles(job.id, loaded), run.limit);
  return rows;
}

function shown({ id, name, source, sql, table, auto }: StoredJob): string[] {
  return [String(id), name, source, sql, `${table.schema}.${table.name}`, auto ? "t" : "f"];
}

function answer(names: readonly string[], rows: readonly (readonly string[])[]): Outcome {
  return { tag: () => `SELECT ${rows.length}`, columns: names.map(textColumn), rows };
}
