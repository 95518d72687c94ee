import type { BoundQuery } from "../../binder/bound.js";
import type { QueryStatement } from "../../syntax/ast.js";
import { bindInto, runInto, selectInto } from "../ddl/create-table-as.js";
import { rowStream } from "../row-stream.js";
import type { Outcome, StatementHandler, StatementRun } from "../statement-run.js";
import { bindSignal, runSignal, signalIn } from "./signal.js";

/** SELECT. One with an INTO makes a table and answers no rows. */
export const queryHandler: StatementHandler<QueryStatement, BoundQuery> = {
  access: (statement) => (selectInto(statement) === undefined ? "read" : "write"),
  bind(statement, context) {
    const signal = signalIn(statement);
    return signal === undefined ? bindInto(statement, context) : bindSignal(signal, context);
  },
  columns: (statement, bound) => (selectInto(statement) === undefined ? bound.columns : undefined),
  run: (statement, run) => {
    const signal = signalIn(statement);
    if (signal !== undefined) return runSignal(signal, run);
    const into = selectInto(statement);
    return into === undefined ? runQuery(run.bound, run) : runInto(into, run);
  },
};

export async function runQuery(
  bound: BoundQuery,
  run: Pick<StatementRun, "connection" | "parameters" | "limit" | "core" | "reads">,
): Promise<Outcome> {
  const { connection, parameters, limit, core } = run;
  run.reads(bound.reads);
  const result = await connection.stream(bound.sql, parameters, limit);
  const stream = rowStream({ connection, result, limit, aside: () => core.shared.connect() });
  return { tag: (rows) => `SELECT ${rows}`, columns: bound.columns, stream };
}
