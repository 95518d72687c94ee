/** The statements of loading and unloading, for the engine's table of handlers. */
import { done, type StatementHandler, type StatementHandlers, type StatementRun } from "../engine/statement-run.js";
import type { Copy } from "../syntax/ast.js";
import { type BoundCopy, bindCopy, copyFrom } from "./copy.js";
import type { LoadRun, LoadServices } from "./services.js";

export function loadHandlers(services: LoadServices): StatementHandlers {
  return { copy: copyHandler(services) };
}

function copyHandler(services: LoadServices): StatementHandler<Copy, BoundCopy> {
  return {
    access: "write",
    bind: bindCopy,
    async run(statement, run) {
      const { rows } = await copyFrom(statement, run.bound, loadRun(run), services);
      return done("COPY", rows);
    },
  };
}

export function loadRun(run: StatementRun): LoadRun {
  const { core, connection, limit, queryId, sql } = run;
  return {
    connection,
    limit,
    queryId,
    sql,
    context: run.context(),
    transactionId: core.transaction.id,
    processId: core.processId,
    notice: (notice) => core.notice(notice),
  };
}
