/** TRUNCATE, ANALYZE, VACUUM, LOCK, CANCEL. */
import { duckDbName } from "../../catalog/relation-info.js";
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { Analyze, CancelStatement, LockTables, Truncate, Vacuum } from "../../syntax/ast.js";
import { checkKind, checkSchemaWritable, requireRelation, runDdl } from "../ddl/catalog-work.js";
import { missingColumn } from "../ddl/rename.js";
import { done, type StatementHandler } from "../statement-run.js";

/** Source: "TRUNCATE": it commits the transaction that it runs in. */
export const truncateHandler: StatementHandler<Truncate> = {
  access: "write",
  async run({ table: name }, run) {
    const table = requireRelation(run, name);
    checkKind(table, ["table"], name.at);
    checkSchemaWritable(table.schema, name.at);
    await runDdl(run, `DELETE FROM ${duckDbName(table)}`, table.name);
    await run.core.commit(run.limit);
    return done("TRUNCATE TABLE");
  },
};

/** The engine keeps its statistics itself. */
export const analyzeHandler: StatementHandler<Analyze> = {
  access: "none",
  async run({ table: name, columns = [], at }, run) {
    if (name !== undefined) {
      const table = requireRelation(run, name);
      for (const column of columns)
        if (!table.columns.some((one) => one.name === column)) throw missingColumn(table, column, at);
    }
    return done("ANALYZE");
  },
};

/** So it does with the room that deleted rows leave, at its checkpoints; and it keeps no order that could be restored. */
export const vacuumHandler: StatementHandler<Vacuum> = {
  access: "none",
  alone: true,
  async run({ table: name }, run) {
    if (name !== undefined) checkKind(requireRelation(run, name), ["table", "materialized-view"], name.at);
    return done("VACUUM");
  },
};

/** Transactions that change the same rows do not wait for each other: the later one is refused (40001). So there is nothing to lock. */
export const lockHandler: StatementHandler<LockTables> = {
  access: "none",
  async run({ tables }, run) {
    for (const name of tables) checkKind(requireRelation(run, name), ["table", "materialized-view", "view"], name.at);
    return done("LOCK TABLE");
  },
};

export const cancelHandler: StatementHandler<CancelStatement> = {
  access: "none",
  async run({ processId, at }, { core }) {
    if (core.shared.cancel(processId)) return done("CANCEL");
    throw new SqlError(SQL_STATE.undefinedObject, `PID ${processId} is not a session of this database`, {
      at,
      hint: "STV_SESSIONS lists them.",
    });
  },
};
