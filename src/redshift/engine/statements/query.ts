import type { BoundQuery } from "../../binder/bound.js";
import { bindQuery } from "../../binder/queries/bind-query.js";
import type { QueryStatement } from "../../syntax/ast.js";
import { rowStream } from "../row-stream.js";
import type { Outcome, StatementHandler, StatementRun } from "../statement-run.js";

/** SELECT. One with an INTO is a CREATE TABLE AS: see statements.ts. */
export const queryHandler: StatementHandler<QueryStatement, BoundQuery> = {
  access: "read",
  bind: (statement, context) => bindQuery(statement.query, context),
  columns: (_, bound) => bound.columns,
  run: (_, run) => runQuery(run.bound, run),
};

export async function runQuery(
  bound: BoundQuery,
  {
    connection,
    parameters,
    limit,
    core,
    reads,
  }: Pick<StatementRun, "connection" | "parameters" | "limit" | "core" | "reads">,
): Promise<Outcome> {
  reads(bound.reads);
  const result = await connection.stream(bound.sql, parameters, limit);
  const stream = rowStream({ connection, result, limit, aside: () => core.shared.connect() });
  return { tag: (rows) => `SELECT ${rows}`, columns: bound.columns, stream };
}
