/** What COPY and UNLOAD of the SQL side work with in this process. */
import { join } from "node:path";
import { inTurn } from "../core/in-turn.js";
import type { Buckets } from "../lake/buckets.js";
import type { ReadRows } from "../redshift/copy/job-store.js";
import type { LoadServices } from "../redshift/copy/services.js";
import type { ExternalReader } from "../redshift/external/read-external.js";
import { textLiteral } from "../redshift/sql-text.js";
import { LOAD_LOG_DDL, storedLoadLog } from "../redshift/system/load-log.js";
import type { Stores } from "./stores.js";

export interface LoadsOptions {
  readonly stores: Pick<Stores, "warehouse" | "directories" | "clock">;
  readonly buckets: Buckets;
  readonly closers: (() => Promise<void> | void)[];
}

export interface Loads {
  readonly services: LoadServices;
  readonly reader: ExternalReader;
  /** Statements of ours outside of all sessions. */
  readonly own: { rows: ReadRows; run(sql: string): Promise<unknown> };
}

/** Footers that are kept in mind: an object's file never changes. */
const FOOTERS_MAX = 10_000;

export async function openLoads({ stores, buckets, closers }: LoadsOptions): Promise<Loads> {
  const { engine } = stores.warehouse;
  // Of its own: what is told of a load that failed must not go with the load's transaction.
  const connection = await engine.gate(() => engine.instance.connect());
  closers.push(() => connection.closeSync());
  const turn = inTurn();
  const run = (sql: string) => engine.gate(() => connection.run(sql));
  for (const sql of LOAD_LOG_DDL) await run(sql);
  const log = storedLoadLog(run);
  const footers = new Map<string, ReadonlyMap<string, string>>();
  const fileColumns = async (path: string) => {
    const known = footers.get(path);
    if (known !== undefined) return known;
    const described = await engine.gate(() =>
      connection.runAndReadAll(`DESCRIBE SELECT * FROM read_parquet(${textLiteral(path)}, hive_partitioning = false)`),
    );
    const columns = new Map(described.getRowsJS().map(([name]) => [String(name).toLowerCase(), String(name)]));
    if (footers.size >= FOOTERS_MAX) footers.clear();
    footers.set(path, columns);
    return columns;
  };
  const services: LoadServices = {
    buckets,
    clock: stores.clock,
    log: {
      load: (record) => turn("log", () => log.load(record)),
      unload: (record) => turn("log", () => log.unload(record)),
    },
    stagingDirectory: join(stores.directories.staging, "unload"),
  };
  const own = {
    rows: (sql: string) =>
      turn("log", async () => (await engine.gate(() => connection.runAndReadAll(sql))).getRowsJS()),
    run: (sql: string) => turn("log", () => run(sql)),
  };
  return { services, reader: { buckets, fileColumns }, own };
}
