import { expect, test } from "vitest";
import type { LoadRecord, UnloadRecord } from "../../../src/redshift/copy/load-log.js";
import {
  forgetCopyJob,
  storeCopyJob,
  storeCopyJobFiles,
  storedLoadLog,
} from "../../../src/redshift/system/load-log.js";
import { prepareSystemSchema } from "../../../src/redshift/system/views.js";
import { openTestDatabase, type TestSession, WITH_SYSTEM } from "../support/database.js";

const NOW = Date.UTC(2026, 0, 31, 10, 30);
const DAY = 86_400_000;

const common = {
  queryId: 7,
  transactionId: 3,
  processId: 9,
  user: "penstock",
  database: "penstock",
  sql: "copy t from 's3://b/k'",
  startedAtMs: NOW - 1500,
  endedAtMs: NOW,
};
const load: LoadRecord = {
  ...common,
  table: { oid: 100_500, schema: "public", name: "t" },
  source: "s3://b/k",
  format: "csv",
  compression: "gzip",
  status: "completed",
  rowsLoaded: 2,
  message: undefined,
  files: [
    { url: "s3://b/k/1", sizeBytes: 100, rowsRead: 2, rowsLoaded: 1 },
    { url: "s3://b/k/2", sizeBytes: 50, rowsRead: 1, rowsLoaded: 1 },
  ],
  errors: [
    {
      url: "s3://b/k/1",
      line: 2,
      column: "a",
      type: "int4",
      length: "",
      position: 0,
      rawLine: "it's\0bad",
      rawField: "it's",
      code: 1207,
      reason: "Invalid digit",
    },
  ],
};
const unload: UnloadRecord = {
  ...common,
  format: "parquet",
  compression: "none",
  target: "s3://b/out/",
  rows: 5,
  files: [{ url: "s3://b/out/0", rows: 5, sizeBytes: 77 }],
};

/** A session on a warehouse in which `told` has been told. */
async function after(told: (run: (sql: string) => Promise<unknown>) => Promise<unknown>): Promise<TestSession> {
  const database = await openTestDatabase({
    ...WITH_SYSTEM,
    prepareSystem: async (connection) => {
      await prepareSystemSchema(connection);
      await told((sql) => connection.run(sql));
    },
  });
  return database.session();
}

test("a load is told with its files and errors", async () => {
  const { rows } = await after((run) => storedLoadLog(run).load(load));
  expect(
    await rows(
      "select query_id, table_name, status, loaded_rows, loaded_bytes, source_file_count, error_count, duration, start_time from sys_load_history",
    ),
  ).toEqual(["7|t|completed|2|150|2|1|1500000|2026-01-31 10:29:58.5"]);
  expect(await rows("select query_id, trim(file_name), lines_scanned from sys_load_detail order by 2")).toEqual([
    "7|s3://b/k/1|2",
    "7|s3://b/k/2|1",
  ]);
  expect(
    await rows(
      "select tbl, trim(colname), trim(type), trim(raw_line), err_code, trim(err_reason) from stl_load_errors",
    ),
  ).toEqual(["100500|a|int4|it'sbad|1207|Invalid digit"]);
  expect(await rows("select table_id, line_number, trim(error_message) from sys_load_error_detail")).toEqual([
    "100500|2|Invalid digit",
  ]);
  expect(await rows("select trim(filename), lines_scanned, errors from stl_load_commits order by 1")).toEqual([
    "s3://b/k/1|2|1",
    "s3://b/k/2|1|0",
  ]);
});

test("a load that failed has loaded nothing", async () => {
  const { rows } = await after((run) =>
    storedLoadLog(run).load({ ...load, status: "failed", rowsLoaded: 0, message: "Load failed" }),
  );
  expect(await rows("select status, loaded_rows, loaded_bytes, source_file_bytes from sys_load_history")).toEqual([
    "aborted|0|0|150",
  ]);
});

test("an unload is told with its files", async () => {
  const { rows } = await after((run) => storedLoadLog(run).unload(unload));
  expect(
    await rows(
      "select unloaded_location, trim(file_format), unloaded_rows, unloaded_files_count, unloaded_files_size from sys_unload_history",
    ),
  ).toEqual(["s3://b/out/|Parquet|5|1|77"]);
  expect(await rows("select trim(path), line_count, transfer_size from stl_unload_log")).toEqual(["s3://b/out/0|5|77"]);
});

test("what is older than seven days is forgotten with the next load", async () => {
  const old = { ...load, queryId: 1, startedAtMs: NOW - 8 * DAY, endedAtMs: NOW - 8 * DAY };
  const { rows } = await after(async (run) => {
    const log = storedLoadLog(run);
    await log.load(old);
    await log.load({ ...load, queryId: 2, startedAtMs: NOW - 6 * DAY, endedAtMs: NOW - 6 * DAY });
    await log.load(load);
  });
  expect(await rows("select query_id from sys_load_history order by 1")).toEqual(["2", "7"]);
  expect(await rows("select distinct query_id from sys_load_detail order by 1")).toEqual(["2", "7"]);
});

test("copy jobs and their files are told until the job is dropped", async () => {
  const job = {
    jobId: 12,
    name: "nightly",
    user: "penstock",
    database: "penstock",
    table: { schema: "public", name: "t" },
    source: "s3://b/k",
    sql: "copy t from 's3://b/k' iam_role 'arn:aws:iam::000000000000:role/r'",
    auto: false,
    createdAtMs: NOW,
  };
  const told = async (run: (sql: string) => Promise<unknown>) => {
    await run(storeCopyJob(job));
    await run(storeCopyJob({ ...job, auto: true }));
    await run(storeCopyJobFiles(12, [{ url: "s3://b/k/1", sizeBytes: 5, status: "pending", seenAtMs: NOW }]));
    await run(
      storeCopyJobFiles(12, [{ url: "s3://b/k/1", sizeBytes: 5, status: "loaded", queryId: 7, seenAtMs: NOW }]),
    );
  };
  const kept = await after(told);
  expect(await kept.rows("select job_id, trim(job_name), trim(iam_role), is_auto from sys_copy_job")).toEqual([
    "12|nightly|arn:aws:iam::000000000000:role/r|1",
  ]);
  expect(await kept.rows("select file_location, file_name, file_size, trim(status) from sys_copy_job_detail")).toEqual([
    "b|k/1|5|Ingested",
  ]);
  const dropped = await after(async (run) => {
    await told(run);
    await run(forgetCopyJob(12));
  });
  expect(
    await dropped.rows("select (select count(*) from sys_copy_job), (select count(*) from sys_copy_job_detail)"),
  ).toEqual(["0|0"]);
});
