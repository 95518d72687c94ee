/** TRUNCATE, ANALYZE, VACUUM, LOCK, CANCEL. */
import { duckDbName } from "../../catalog/relation-info.js";
import type { StoredRelation } from "../../catalog/stored.js";
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { Analyze, CancelStatement, LockTables, Truncate, Vacuum } from "../../syntax/ast.js";
import { checkAnyPrivilege, checkOwner, checkSignal, ownsRelation } from "../access.js";
import { checkKind, checkSchemaWritable, requireRelation, runDdl } from "../ddl/catalog-work.js";
import { missingColumn } from "../ddl/rename.js";
import { done, type SessionCore, type StatementHandler } from "../statement-run.js";

/** Source: "TRUNCATE": it commits the transaction that it runs in. */
export const truncateHandler: StatementHandler<Truncate> = {
  access: "write",
  async run({ table: name }, run) {
    const table = requireRelation(run, name);
    checkKind(table, ["table"], name.at);
    checkOwner(run.core, table, name.at, "truncate");
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
      noteOthers(run.core, table, "analyze");
    }
    return done("ANALYZE");
  },
};

/** Tables of others are passed by, as in Redshift. */
function noteOthers(core: SessionCore, table: StoredRelation, verb: string): void {
  if (ownsRelation(core, table)) return;
  core.notice({
    severity: "WARNING",
    message: `skipping "${table.name}" --- only table or database owner can ${verb} it`,
  });
}

/** So it does with the room that deleted rows leave, at its checkpoints; and it keeps no order that could be restored. */
export const vacuumHandler: StatementHandler<Vacuum> = {
  access: "none",
  alone: true,
  async run({ table: name }, run) {
    if (name !== undefined) {
      const table = requireRelation(run, name);
      checkKind(table, ["table", "materialized-view"], name.at);
      noteOthers(run.core, table, "vacuum");
    }
    return done("VACUUM");
  },
};

/** Transactions that change the same rows do not wait for each other: the later one is refused (40001). So there is nothing to lock. */
export const lockHandler: StatementHandler<LockTables> = {
  access: "none",
  async run({ tables }, run) {
    for (const name of tables) {
      const table = requireRelation(run, name);
      checkKind(table, ["table", "materialized-view", "view"], name.at);
      checkAnyPrivilege(run.core, table, ["select", "insert", "update", "delete"], name.at);
    }
    return done("LOCK TABLE");
  },
};

export const cancelHandler: StatementHandler<CancelStatement> = {
  access: "none",
  async run({ processId, at }, { core }) {
    checkSignal(core, processId);
    if (core.shared.cancel(processId)) return done("CANCEL");
    throw new SqlError(SQL_STATE.undefinedObject, `PID ${processId} is not a session of this database`, {
      at,
      hint: "STV_SESSIONS lists them.",
    });
  },
};
