/** The SQL side over the warehouse that is open: what the doors of PostgreSQL's wire, the Data API and the console speak to. */
import { messageOf } from "../core/errors.js";
import type { PipelineModel } from "../definition/model.js";
import { openSqlDatabase, type SqlEngine } from "../redshift/engine/open.js";
import type { Stores } from "./stores.js";

export interface SqlOptions {
  readonly stores: Pick<Stores, "warehouse">;
  readonly model: PipelineModel;
  readonly log: { error(details: object, message: string): void };
  readonly closers: (() => Promise<void> | void)[];
}

/** Once the tables of the definition are there. */
export async function openSql({ stores, model, log, closers }: SqlOptions): Promise<SqlEngine> {
  const { warehouse } = stores;
  const tables = new Set(model.tables.map(({ name }) => name));
  const sql = await openSqlDatabase({
    ...warehouse.engine,
    isPipelineTable: (name) => tables.has(name),
  });
  closers.push(() => sql.close());
  warehouse.onShape(() => {
    sql
      .reload()
      .catch((error: unknown) => log.error({ err: error }, `SQL does not see a new table: ${messageOf(error)}`));
  });
  return sql;
}
