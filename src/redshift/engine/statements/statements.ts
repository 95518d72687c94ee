/** Which handler carries out which kind of statement. Those of COPY, UNLOAD and external objects come from elsewhere: see OpenOptions.handlers. */
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { AnalyzeCompression, CallProcedure, Statement, Unsupported } from "../../syntax/ast.js";
import { alterTableHandler } from "../ddl/alter-table.js";
import { commentHandler } from "../ddl/comment.js";
import { createTableHandler } from "../ddl/create-table.js";
import { createTableAsHandler } from "../ddl/create-table-as.js";
import { dropHandler } from "../ddl/drop.js";
import { createFunctionHandler, dropFunctionHandler } from "../ddl/functions.js";
import { grantHandler } from "../ddl/grants.js";
import {
  alterMaterializedViewHandler,
  createMaterializedViewHandler,
  refreshHandler,
} from "../ddl/materialized-views.js";
import { alterSchemaHandler, createSchemaHandler } from "../ddl/schemas.js";
import { userHandler } from "../ddl/users.js";
import { createViewHandler } from "../ddl/views.js";
import type { StatementHandler, StatementHandlers } from "../statement-run.js";
import { deleteHandler, insertHandler, mergeHandler, updateHandler } from "./change.js";
import { closeHandler, declareHandler, fetchHandler } from "./cursors.js";
import { explainHandler } from "./explain.js";
import { analyzeHandler, cancelHandler, lockHandler, truncateHandler, vacuumHandler } from "./maintenance.js";
import { deallocateHandler, executeHandler, prepareHandler } from "./named-statements.js";
import { queryHandler } from "./query.js";
import { resetHandler, setHandler, showHandler } from "./settings.js";
import { showObjectsHandler } from "./show-objects.js";
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
    "create-view": createViewHandler,
    "create-materialized-view": createMaterializedViewHandler,
    "refresh-materialized-view": refreshHandler,
    "create-schema": createSchemaHandler,
    "alter-table": alterTableHandler,
    "alter-schema": alterSchemaHandler,
    "alter-materialized-view": alterMaterializedViewHandler,
    drop: dropHandler,
    "create-function": createFunctionHandler,
    "drop-function": dropFunctionHandler,
    comment: commentHandler,
    grant: grantHandler,
    revoke: grantHandler,
    user: userHandler,
    truncate: truncateHandler,
    analyze: analyzeHandler,
    vacuum: vacuumHandler,
    lock: lockHandler,
    cancel: cancelHandler,
    declare: declareHandler,
    fetch: fetchHandler,
    close: closeHandler,
    prepare: prepareHandler,
    execute: executeHandler,
    deallocate: deallocateHandler,
    explain: explainHandler,
    transaction: transactionHandler,
    set: setHandler,
    reset: resetHandler,
    show: showHandler,
    "show-objects": showObjectsHandler,
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
