import type { Transaction } from "../../syntax/ast.js";
import { done, type StatementHandler } from "../statement-run.js";

export const transactionHandler: StatementHandler<Transaction> = {
  access: "none",
  async run(statement, { core, limit }) {
    const { transaction, settings } = core;
    const warn = (message: string, state: string) => core.notice({ severity: "WARNING", message, state });
    switch (statement.action) {
      case "begin":
        if (transaction.mode === "explicit") warn("there is already a transaction in progress", "25001");
        transaction.begin(statement.readOnly === true || (statement.readOnly === undefined && transaction.readOnly));
        if (statement.isolation !== undefined)
          settings.set("transaction_isolation", statement.isolation, { local: true });
        return done("BEGIN");
      case "commit": {
        if (transaction.mode !== "explicit") warn("there is no transaction in progress", "25P01");
        // As PostgreSQL does: the tag tells that it was a ROLLBACK.
        if (transaction.failed) {
          await transaction.rollback();
          return done("ROLLBACK");
        }
        await core.commit(limit);
        return done("COMMIT");
      }
      case "rollback":
        if (transaction.mode !== "explicit") warn("there is no transaction in progress", "25P01");
        await core.rollback();
        return done("ROLLBACK");
    }
  },
};
