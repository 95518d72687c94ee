/** The statements of loading and unloading, for the engine's table of handlers. */
import type { BindContext } from "../binder/bound.js";
import { bindQuery } from "../binder/queries/bind-query.js";
import { bucketsFor } from "../engine/access.js";
import { done, type StatementHandler, type StatementHandlers, type StatementRun } from "../engine/statement-run.js";
import type { Copy, CopyStdio, Query, Unload } from "../syntax/ast.js";
import { parseQuery } from "../syntax/parse.js";
import { type BoundUnload, bindUnload, unload } from "../unload/unload.js";
import { type BoundCopy, bindCopy, copyFrom } from "./copy.js";
import { type ChosenFiles, copyJobHandler } from "./job-handler.js";
import type { LoadRun, LoadServices } from "./services.js";
import { copyIn } from "./stdio-in.js";
import { type StdioOptions, stdioOptions } from "./stdio-options.js";
import { type BoundOut, copyOut } from "./stdio-out.js";
import { type LoadTarget, loadTarget } from "./target.js";

export function loadHandlers(services: LoadServices, chosen: ChosenFiles = new Map()): StatementHandlers {
  return {
    copy: copyHandler(services),
    "copy-job": copyJobHandler(services, chosen, loadRun),
    "copy-stdio": stdioHandler,
    unload: unloadHandler(services),
  };
}

function copyHandler(services: LoadServices): StatementHandler<Copy, BoundCopy> {
  return {
    access: "write",
    bind: bindCopy,
    async run(statement, run) {
      const buckets = bucketsFor(run.core, services.buckets, "copy", statement.at);
      const { rows } = await copyFrom(statement, run.bound, loadRun(run), { ...services, buckets });
      return done("COPY", rows);
    },
  };
}

function unloadHandler(services: LoadServices): StatementHandler<Unload, BoundUnload> {
  return {
    access: "write",
    bind: bindUnload,
    async run(statement, run) {
      run.reads(run.bound.query.reads);
      const buckets = bucketsFor(run.core, services.buckets, "unload", statement.at);
      const { rows } = await unload(statement, run.bound, loadRun(run), { ...services, buckets });
      return done("UNLOAD", rows);
    },
  };
}

type BoundStdio = { readonly options: StdioOptions } & ({ readonly into: LoadTarget } | { readonly out: BoundOut });

const stdioHandler: StatementHandler<CopyStdio, BoundStdio> = {
  access: "write",
  bind(statement, context) {
    const options = stdioOptions(statement);
    if (statement.direction === "out") return { options, out: bindOut(statement, context) };
    return { options, into: loadTarget(statement.table!, statement.columns, context, { explicitIds: false }) };
  },
  async run(_, run) {
    const { bound } = run;
    if ("out" in bound) return copyOut(bound.out, bound.options, run);
    const rows = await copyIn(bound.into, bound.options, loadRun(run), run.options.input);
    return done(`COPY ${rows}`, rows);
  },
};

function bindOut(statement: CopyStdio, context: BindContext): BoundOut {
  const { query, table, columns, at } = statement;
  if (query !== undefined) return bindQuery(query, context);
  return bindQuery(tableQuery({ table: table!, columns, at }), context);
}

/** SELECT of a table's columns, as the parser would have made it. */
function tableQuery({
  table,
  columns,
  at,
}: {
  readonly table: NonNullable<CopyStdio["table"]>;
  readonly columns: readonly string[] | undefined;
  readonly at: number;
}): Query {
  const items = columns === undefined ? "*" : columns.map((column) => `"${column.replaceAll('"', '""')}"`).join(", ");
  const from = table.parts.map((part) => `"${part.replaceAll('"', '""')}"`).join(".");
  const query = parseQuery(`SELECT ${items} FROM ${from}`);
  return { ...query, at };
}

export function loadRun(run: StatementRun<unknown>): LoadRun {
  const { core, connection, limit, queryId, sql } = run;
  return {
    connection,
    limit,
    queryId,
    sql,
    context: run.context(),
    transactionId: core.transaction.id,
    processId: core.processId,
    atEnd: (listener) => run.atEnd(listener),
    noteWrites: (oids) => core.transaction.noteWrites(oids),
    notice: (notice) => core.notice(notice),
  };
}
