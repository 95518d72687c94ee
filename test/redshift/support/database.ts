import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { systemClock } from "../../../src/core/clock.js";
import { boundedGate } from "../../../src/core/gate.js";
import { MIB } from "../../../src/core/limits.js";
import { memoryObjectStore } from "../../../src/lake/memory.js";
import type { SessionOptions, SqlNotice, SqlSession, SqlValue } from "../../../src/redshift/database.js";
import { openSqlDatabase, type SqlEngine, type SqlEngineOptions } from "../../../src/redshift/engine/open.js";
import { SqlError } from "../../../src/redshift/sql-error.js";
import { systemState } from "../../../src/redshift/system/session-state.js";
import { prepareSystemSchema, systemView } from "../../../src/redshift/system/views.js";
import { openDuckDbWarehouse } from "../../../src/warehouse/duckdb/open.js";
import { silentLog } from "../../../src/warehouse/log.js";

export interface TestDatabase {
  readonly engine: SqlEngine;
  readonly path: string;
  session(options?: Partial<SessionOptions>): Promise<TestSession>;
  /** How many connections to DuckDB are open. */
  connections(): Promise<number>;
  /** Closes everything and opens it again on the same file. */
  reopen(): Promise<TestDatabase>;
}

export interface TestSession {
  readonly session: SqlSession;
  readonly notices: SqlNotice[];
  /** Runs every statement of a text; the last one's answer. */
  run(sql: string, parameters?: readonly SqlValue[]): Promise<TestResult>;
  /** Rows of the last one, values joined by `|`, NULL as `NULL`. */
  rows(sql: string, parameters?: readonly SqlValue[]): Promise<readonly string[]>;
  /** The error that it ends with, as `state message`. */
  error(sql: string, parameters?: readonly SqlValue[]): Promise<string>;
}

export interface TestResult {
  readonly columns: readonly string[] | undefined;
  readonly rows: readonly (readonly SqlValue[])[];
  readonly tag: string;
  readonly changed: number | undefined;
}

/** For tests whose clients look at the catalog. */
export const WITH_SYSTEM: Partial<SqlEngineOptions> = { systemView, prepareSystem: prepareSystemSchema, systemState };

/** The SQL database over a real warehouse in a folder of its own. */
export async function openTestDatabase(
  options: Partial<SqlEngineOptions> = {},
  folder?: string,
): Promise<TestDatabase> {
  const directory = folder ?? (await mkdtemp(join(tmpdir(), "penstock-sql-")));
  await mkdir(join(directory, "spill"), { recursive: true });
  const path = join(directory, "warehouse.duckdb");
  const warehouse = await openDuckDbWarehouse({
    path,
    lake: memoryObjectStore(systemClock),
    memoryBytes: 256 * MIB,
    threads: 2,
    tempDirectory: join(directory, "spill"),
    clock: systemClock,
    log: silentLog,
    gate: boundedGate(3),
  });
  const engine = await openSqlDatabase({ ...warehouse.engine, ...options });
  let open = true;
  const close = async () => {
    if (!open) return;
    open = false;
    await engine.close();
    await warehouse.close();
  };
  onTestFinished(async () => {
    await close();
    if (folder === undefined) await rm(directory, { recursive: true, force: true });
  });
  return {
    engine,
    path,
    session: async (sessionOptions) =>
      testSession(await engine.connect({ user: "penstock", database: "penstock", ...sessionOptions })),
    async connections() {
      const probe = await warehouse.engine.instance.connect();
      try {
        const rows = (await probe.run("SELECT * FROM duckdb_connection_count()")).getRows();
        return Number((await rows)[0]?.[0]) - 1;
      } finally {
        probe.closeSync();
      }
    },
    async reopen() {
      await close();
      return openTestDatabase(options, directory);
    },
  };
}

export function testSession(session: SqlSession): TestSession {
  const notices: SqlNotice[] = [];
  session.onNotice((notice) => notices.push(notice));
  const run: TestSession["run"] = async (sql, parameters = []) => {
    let last: TestResult | undefined;
    for (const statement of session.parse(sql)) {
      const result = await session.execute(await session.prepare(statement), parameters);
      const rows: (readonly SqlValue[])[] = [];
      for await (const chunk of result.rows) rows.push(...chunk);
      last = {
        columns: result.columns?.map(({ name }) => name),
        rows,
        tag: result.tag(),
        changed: result.changed,
      };
    }
    if (last === undefined) throw new Error("no statement");
    return last;
  };
  return {
    session,
    notices,
    run,
    rows: async (sql, parameters) =>
      (await run(sql, parameters)).rows.map((row) =>
        row.map((value) => (value === null ? "NULL" : String(value))).join("|"),
      ),
    async error(sql, parameters) {
      try {
        await run(sql, parameters);
      } catch (error) {
        if (error instanceof SqlError) return `${error.state} ${error.message}`;
        throw error;
      }
      throw new Error(`nothing was refused: ${sql}`);
    },
  };
}
