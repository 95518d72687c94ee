import { expect, test } from "vitest";
import { systemClock } from "../../../src/core/clock.js";
import { loadHandlers } from "../../../src/redshift/copy/handlers.js";
import type { ChosenFiles } from "../../../src/redshift/copy/job-handler.js";
import { type JobRunner, startJobRunner } from "../../../src/redshift/copy/job-runner.js";
import { LOAD_LOG_DDL } from "../../../src/redshift/system/load-log.js";
import { type LoadWorld, openLoadWorld } from "./fixture.js";

const ROLE = "IAM_ROLE 'arn:aws:iam::123456789012:role/load'";

async function openJobs(): Promise<{ world: LoadWorld; runner: JobRunner; failures: string[] }> {
  const chosen: ChosenFiles = new Map();
  const world = await openLoadWorld((services) => ({ handlers: loadHandlers(services, chosen) }));
  for (const sql of LOAD_LOG_DDL) await world.duck(sql);
  const failures: string[] = [];
  const runner = startJobRunner({
    database: world.engine,
    services: world.services,
    chosen,
    own: { rows: async (sql) => world.duckValues(sql), run: (sql) => world.duck(sql) },
    clock: systemClock,
    intervalMs: 3_600_000,
    onError: (error, job) => failures.push(`${job}: ${error instanceof Error ? error.message : String(error)}`),
  });
  return { world, runner, failures };
}

test("a job loads what is new, once, and passes by a file that failed", async () => {
  const { world, runner, failures } = await openJobs();
  await world.put("in/before.csv", "0\n");
  await world.run(`CREATE TABLE t (id int); COPY t FROM 's3://data/in/' ${ROLE} CSV JOB CREATE j AUTO ON`);
  await runner.runOnce();
  expect(await world.rows("SELECT count(*) FROM t")).toEqual(["0"]);
  await world.put("in/a.csv", "1\n2\n");
  await world.put("in/bad.csv", "x\n");
  await world.put("in/c.csv", "3\n");
  await runner.runOnce();
  await runner.runOnce();
  expect(await world.rows("SELECT id FROM t ORDER BY 1")).toEqual(["1", "2", "3"]);
  expect(failures).toEqual(["j: Load into table 't' failed.  Check 'stl_load_errors' system table for details."]);
  expect(world.loads.filter(({ status }) => status === "completed").map(({ copyJob }) => copyJob)).toEqual(["j", "j"]);
  await world.put("in/bad.csv", "4\n");
  await runner.runOnce();
  expect(await world.rows("SELECT count(*) FROM t")).toEqual(["3"]);
  await world.run("COPY JOB RUN j");
  expect(await world.rows("SELECT max(id) FROM t")).toEqual(["4"]);
  await runner.close();
});

test("jobs are shown, stopped and dropped; what they cannot have is refused", async () => {
  const { world, runner } = await openJobs();
  await world.run(`CREATE TABLE t (id int); COPY t FROM 's3://data/in/' ${ROLE} CSV JOB CREATE j`);
  expect((await world.rows("COPY JOB SHOW j"))[0]).toContain(
    `|j|s3://data/in/|COPY t FROM 's3://data/in/' ${ROLE} CSV|public.t|t`,
  );
  expect((await world.run("COPY JOB ALTER j AUTO OFF")).tag).toBe("COPY");
  await world.put("in/a.csv", "1\n");
  await runner.runOnce();
  expect(await world.rows("SELECT count(*) FROM t")).toEqual(["0"]);
  await world.run("COPY JOB RUN j");
  expect(await world.rows("SELECT count(*) FROM t")).toEqual(["1"]);
  expect(await world.error(`COPY t FROM 's3://data/in/' ${ROLE} CSV JOB CREATE j`)).toContain("already exists");
  await world.run("COPY JOB DROP j");
  expect(await world.rows("COPY JOB LIST")).toEqual([]);
  expect(await world.error("COPY JOB RUN j")).toContain("42704");
  expect(await world.error(`BEGIN; COPY t FROM 's3://data/in/' ${ROLE} CSV JOB CREATE k`)).toContain("25001");
  await world.run("ROLLBACK");
  expect(await world.error(`COPY t FROM 's3://data/in/' ${ROLE} CSV MAXERROR 5 JOB CREATE k`)).toContain(
    "MAXERROR is not supported",
  );
  expect(await world.error("COPY t FROM 's3://data/in/' IAM_ROLE default CSV JOB CREATE k")).toContain(
    "IAM_ROLE default",
  );
  await runner.close();
});
