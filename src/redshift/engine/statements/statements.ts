/** Which handler carries out which kind of statement. Those of COPY, UNLOAD and external objects come from elsewhere: see OpenOptions.handlers. */
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { AnalyzeCompression, CallProcedure, Statement, Unsupported } from "../../syntax/ast.js";
import { createTableHandler } from "../ddl/create-table.js";
import { createTableAsHandler } from "../ddl/create-table-as.js";
import { dropHandler } from "../ddl/drop.js";
import type { StatementHandler, StatementHandlers } from "../statement-run.js";
import { deleteHandler, insertHandler, mergeHandler, updateHandler } from "./change.js";
import { queryHandler } from "./query.js";
import { resetHandler, setHandler, showHandler } from "./settings.js";
import { transactionHandler } from "./transaction.js";

export function statementHandlers(more: StatementHandlers): StatementHandlers {
  return {
    "query-statement": queryHandler,
    insert: insertHandler,
    update: updateHandler,
    delete: deleteHandler,
    merge: mergeHandler,
    "create-table": createTableHandler,
    "create-table-as": createTableAsHandler,
    drop: dropHandler,
    transaction: transactionHandler,
    set: setHandler,
    reset: resetHandler,
    show: showHandler,
    unsupported: refused<Unsupported>((statement) => statement.what),
    "call-procedure": refused<CallProcedure>(() => "CALL"),
    "analyze-compression": refused<AnalyzeCompression>(() => "ANALYZE COMPRESSION"),
    ...more,
  };
}

function refused<S extends Statement>(what: (statement: S) => string): StatementHandler<S> {
  return {
    access: "none",
    async run(statement) {
      throw new SqlError(SQL_STATE.featureNotSupported, `${what(statement)} is not supported`, { at: statement.at });
    },
  };
}
