/**
 * The clients that people use with Redshift, unmodified, against the built program: psql, Python's drivers, SQLAlchemy, the two JDBC drivers, dbt. Each is
 * left out, saying so, where it is not installed; `.ci/run` installs them all.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PenstockProcess, ROOT, startPenstock } from "../support/penstock-process.js";

const CONFORMANCE = fileURLToPath(new URL("../conformance/sql", import.meta.url));
const definition = fileURLToPath(new URL("definitions/crash.ts", import.meta.url));
/** What the programs exit with where they cannot run. */
const NOT_INSTALLED = 77;
const PASSWORD = "a-secret-of-the-clients";

let folder: string;
let instance: PenstockProcess;
let guarded: PenstockProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "penstock-sql-clients-"));
  instance = await startPenstock({ definition, data: join(folder, "open") });
  guarded = await startPenstock({
    definition,
    data: join(folder, "guarded"),
    environment: { PENSTOCK_CREDENTIALS: `penstock:${PASSWORD}` },
  });
});
afterAll(async () => {
  await instance?.kill();
  await guarded?.kill();
  await rm(folder, { recursive: true, force: true });
});

interface Outcome {
  /** Undefined where the program is not there. */
  readonly code: number | undefined;
  readonly output: string;
}

function run(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string>; input?: string } = {},
) {
  return new Promise<Outcome>((resolve) => {
    const child = spawn(program, args, {
      cwd: options.cwd ?? ROOT,
      env: { ...process.env, ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        output += chunk;
      });
    }
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
    child.on("error", () => resolve({ code: undefined, output }));
    child.on("close", (code) => resolve({ code: code ?? -1, output }));
  });
}

/** The Python that `.ci/run` made, else the machine's. */
function python(): string {
  const own = join(ROOT, ".ci/python/bin/python");
  return existsSync(own) ? own : "python3";
}

describe("psql", () => {
  const psql = (script: string, on = instance, env: Record<string, string> = {}) =>
    run(
      "psql",
      ["-X", "-v", "ON_ERROR_STOP=1", "-h", on.sql.hostname, "-p", on.sql.port, "-U", "penstock", "-d", "penstock"],
      { env: { PGPASSWORD: "", PAGER: "", ...env }, input: script },
    );

  test("shows schemas, tables and columns, copies in and out, and streams", async (context) => {
    const outcome = await psql(`
      drop table if exists psql_orders;
      create table psql_orders (id int not null distkey, name varchar(20), amount decimal(8,2), primary key (id)) sortkey (id);
      \\copy psql_orders from stdin csv
1,first,1.50
2,"second, quoted",
\\.
      select count(*) as copied from psql_orders;
      \\copy (select id, name from psql_orders order by id) to stdout csv header
      \\d psql_orders
      \\dt
      \\dn
      create view psql_view as select id from psql_orders;
      \\dv
      \\l
      \\du
      \\x on
      select * from psql_orders where id = 2;
      begin; insert into psql_orders values (3, 'third', 3); rollback;
      select count(*) as after_rollback from psql_orders;
    `);
    context.skip(outcome.code === undefined, "Not run: psql is not installed.");
    expect(outcome).toMatchObject({ code: 0 });
    for (const fact of [
      "COPY 2",
      '2,"second, quoted"',
      "character varying(20)",
      "numeric(8,2)",
      "not null",
      "psql_orders",
      "after_rollback | 2",
    ]) {
      expect(outcome.output).toContain(fact);
    }
  });

  test("a million rows pass through little memory", async (context) => {
    const before = instance.memory().rssBytes;
    const outcome = await psql(
      "\\o /dev/null\nselect generate_series(1, 1000000) as n, 'some text that is the same' as t;\n",
    );
    context.skip(outcome.code === undefined, "Not run: psql is not installed.");
    expect(outcome).toMatchObject({ code: 0 });
    expect(instance.memory().peakBytes - before).toBeLessThan(100 * 1024 * 1024);
  });

  test("an error tells where it is", async (context) => {
    const outcome = await psql("select id,\n  nme from crash_nothing;\n");
    context.skip(outcome.code === undefined, "Not run: psql is not installed.");
    expect(outcome.code).toBe(3);
    expect(outcome.output).toContain('relation "crash_nothing" does not exist');
  });

  test("comes in with its password, and not without", async (context) => {
    const good = await psql("select 1 as one", guarded, { PGPASSWORD: PASSWORD });
    context.skip(good.code === undefined, "Not run: psql is not installed.");
    expect(good).toMatchObject({ code: 0 });
    const bad = await psql("select 1 as one", guarded, { PGPASSWORD: "wrong" });
    expect(bad.code).not.toBe(0);
    expect(bad.output).toContain('password authentication failed for user "penstock"');
  });
});

describe("Python", () => {
  test.for([
    ["redshift_connector", "open"],
    ["redshift_connector", "guarded"],
    ["psycopg2", "open"],
    ["psycopg2", "guarded"],
    ["psycopg", "open"],
    ["sqlalchemy", "open"],
  ] as const)("%s, %s, finds what it expects", async ([client, which], context) => {
    const on = which === "open" ? instance : guarded;
    const password = which === "open" ? "none" : PASSWORD;
    const outcome = await run(python(), [
      join(CONFORMANCE, "clients.py"),
      client,
      on.sql.hostname,
      on.sql.port,
      password,
    ]);
    context.skip(outcome.code === undefined || outcome.code === NOT_INSTALLED, `Not run: ${outcome.output.trim()}`);
    expect(outcome).toEqual({ code: 0, output: expect.not.stringContaining("does not hold") });
  });
});

describe("JDBC", () => {
  let project: string;
  let hindrance: string | undefined;
  beforeAll(async () => {
    project = join(folder, "java");
    await cp(join(CONFORMANCE, "java"), project, { recursive: true });
    if ((await run("mvn", ["-v"])).code !== 0) hindrance = "Maven is not installed";
    else {
      const built = await run("mvn", ["-q", "-B", "compile"], { cwd: project });
      if (built.output.includes("COMPILATION ERROR")) throw new Error(built.output);
      if (built.code !== 0) hindrance = `the packages could not be fetched (${built.output.trim().slice(0, 500)})`;
    }
  });
  test.for(["redshift", "postgresql"])("the driver of %s finds what it expects", async (driver, context) => {
    context.skip(hindrance !== undefined, `Not run: ${hindrance}.`);
    const command = `-cp %classpath penstock.SqlConformance ${driver} ${instance.sql.hostname} ${instance.sql.port} none`;
    const outcome = await run("mvn", ["-q", "-B", "exec:exec", "-Dexec.executable=java", `-Dexec.args=${command}`], {
      cwd: project,
    });
    expect(outcome).toEqual({ code: 0, output: expect.not.stringContaining("does not hold") });
  });
});

test("dbt runs a project of seeds, models, snapshots, incremental merges and tests, twice", async (context) => {
  const project = join(folder, "dbt");
  await cp(join(CONFORMANCE, "dbt"), project, { recursive: true });
  const own = join(ROOT, ".ci/dbt/bin/dbt");
  const dbt = existsSync(own) ? own : "dbt";
  const env = {
    PENSTOCK_SQL_HOST: instance.sql.hostname,
    PENSTOCK_SQL_PORT: instance.sql.port,
    DBT_SEND_ANONYMOUS_USAGE_STATS: "false",
    DBT_PROFILES_DIR: project,
  };
  const version = await run(dbt, ["--version"], { cwd: project, env });
  context.skip(version.code !== 0, "Not run: dbt is not installed.");
  const build = (...args: string[]) => run(dbt, ["--no-use-colors", "build", ...args], { cwd: project, env });
  const first = await build();
  expect(first).toMatchObject({ code: 0, output: expect.stringContaining("ERROR=0") });
  const second = await build("--vars", "{generation: 2}");
  expect(second).toMatchObject({ code: 0, output: expect.stringContaining("ERROR=0") });
  const docs = await run(dbt, ["--no-use-colors", "docs", "generate"], { cwd: project, env });
  expect(docs).toMatchObject({ code: 0, output: expect.stringContaining("Catalog written") });
});
