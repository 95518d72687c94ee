/** The SQL side over the warehouse that is open: what the doors of PostgreSQL's wire, the Data API and the console speak to. */

import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { analyzeCompressionHandler } from "../advisor/analyze-compression.js";
import type { MeasureTools } from "../advisor/measure.js";
import { zstdMeasure } from "../advisor/zstd.js";
import { messageOf } from "../core/errors.js";
import { METADATA_COLUMNS, type PipelineModel } from "../definition/model.js";
import { partitionColumns } from "../definition/partition-columns.js";
import { lakeBucketName } from "../lake/bucket-name.js";
import type { Buckets } from "../lake/buckets.js";
import { loadHandlers } from "../redshift/copy/handlers.js";
import type { ChosenFiles } from "../redshift/copy/job-handler.js";
import { startJobRunner } from "../redshift/copy/job-runner.js";
import { startAutoRefresh } from "../redshift/engine/auto-refresh.js";
import { openSqlDatabase, type SqlEngine } from "../redshift/engine/open.js";
import { alterExternal, externalHandlers } from "../redshift/external/handlers.js";
import { type LakeCatalog, lakeCatalog } from "../redshift/external/lake-tables.js";
import { externalRelation } from "../redshift/external/read-external.js";
import { quotedName, textLiteral } from "../redshift/sql-text.js";
import { systemState } from "../redshift/system/session-state.js";
import { prepareSystemSchema, systemView } from "../redshift/system/views.js";
import { openLoads } from "./sql-loads.js";
import type { Stores } from "./stores.js";

export interface SqlOptions {
  readonly stores: Pick<Stores, "warehouse" | "directories" | "clock" | "engine" | "disk">;
  readonly buckets: Buckets;
  readonly model: PipelineModel;
  /** Who may log in; see SqlEngineOptions. */
  readonly users: readonly string[];
  readonly log: { error(details: object, message: string): void };
  readonly closers: (() => Promise<void> | void)[];
}

/** Once the tables of the definition are there. */
export async function openSql({ stores, model, buckets, users, log, closers }: SqlOptions): Promise<SqlEngine> {
  const { warehouse } = stores;
  const tables = new Set(model.tables.map(({ name }) => name));
  const { services, reader, own } = await openLoads({ stores, buckets, closers });
  const chosen: ChosenFiles = new Map();
  const lake = lakeCatalog(model, lakeBucketName(model.name));
  const sql = await openSqlDatabase({
    ...warehouse.engine,
    users,
    systemView,
    prepareSystem: prepareSystemSchema,
    systemState,
    handlers: {
      ...loadHandlers(services, chosen),
      ...externalHandlers(lake, services),
      "analyze-compression": analyzeCompressionHandler(measureTools(stores)),
    },
    external: (relation) => externalRelation(relation, reader),
    alterExternal,
    isPipelineTable: (name) => tables.has(name),
  });
  closers.push(() => sql.close());
  await showLake(sql, lake);
  const runner = startJobRunner({
    database: sql,
    services,
    chosen,
    own,
    clock: stores.clock,
    onError: (error, job) => log.error({ err: error, job }, `a copy job did not load a file: ${messageOf(error)}`),
  });
  closers.push(() => runner.close());
  const refresher = startAutoRefresh({
    database: sql,
    clock: stores.clock,
    onError: (error, view) => log.error({ err: error, view }, `a view was not refreshed: ${messageOf(error)}`),
  });
  closers.push(() => refresher.close());
  warehouse.onRows((table) => sql.rowsChanged(table));
  warehouse.onShape(() => {
    sql
      .reload()
      .catch((error: unknown) => log.error({ err: error }, `SQL does not see a new table: ${messageOf(error)}`));
  });
  return sql;
}

/** What the advisor measures columns with. */
export function measureTools({
  engine,
  disk,
  directories,
}: Pick<Stores, "engine" | "disk" | "directories">): MeasureTools {
  return {
    zstd: zstdMeasure(engine, disk, join(directories.staging, "advisor")),
    pause: () => setImmediate(),
  };
}

/** The schema that shows the lake without anybody having made it, with the tables that the definition has now. */
async function showLake(sql: SqlEngine, { database, tables }: LakeCatalog): Promise<void> {
  const session = await sql.connect({ user: "penstock", database: sql.name, applicationName: "start" });
  try {
    const schema = `CREATE EXTERNAL SCHEMA IF NOT EXISTS lake FROM DATA CATALOG DATABASE ${textLiteral(database)} IAM_ROLE default;`;
    // What stays in the lake is found under the table's own name all the same.
    const views = tables
      .filter(({ load }) => load === "external")
      .map((table) => {
        const own = [...METADATA_COLUMNS, ...table.columns.map((column) => column.name)];
        const list = [...own, ...partitionColumns(table)].map(quotedName).join(", ");
        const { name } = table;
        return `CREATE OR REPLACE VIEW public.${quotedName(name)} AS SELECT ${list} FROM lake.${quotedName(name)} WITH NO SCHEMA BINDING;`;
      });
    const text = [schema, ...views].join("\n");
    for (const statement of session.parse(text)) await session.execute(await session.prepare(statement));
  } finally {
    await session.close();
  }
}
