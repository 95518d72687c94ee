/**
 * `SELECT pg_cancel_backend(pid)` and `SELECT pg_terminate_backend(pid) FROM ... WHERE ...`: the query is run for the process ids, and each is then
 * told. Source: "PG_CANCEL_BACKEND", "PG_TERMINATE_BACKEND"; the answer is 1, or 0 where there is no such session.
 */
import type { BindContext, BoundQuery } from "../../binder/bound.js";
import { bindQuery } from "../../binder/queries/bind-query.js";
import type { Call, Query, QueryStatement, Select } from "../../syntax/ast.js";
import { checkSignal } from "../access.js";
import { rowStream } from "../row-stream.js";
import type { Outcome, StatementRun } from "../statement-run.js";

const SIGNALS = ["pg_cancel_backend", "pg_terminate_backend"] as const;
type Signal = (typeof SIGNALS)[number];

interface SignalQuery {
  readonly signal: Signal;
  /** Of the process ids. */
  readonly query: Query;
}

export function signalIn({ query }: QueryStatement): SignalQuery | undefined {
  const { body } = query;
  if (body.kind !== "select" || body.items.length !== 1 || body.into !== undefined) return undefined;
  const [item] = body.items;
  const call = item?.expression;
  if (item === undefined || call?.kind !== "call" || call.args.length !== 1) return undefined;
  const signal = signalOf(call);
  if (signal === undefined) return undefined;
  const { at } = call;
  const processId = {
    kind: "cast",
    operand: call.args[0]!,
    type: { name: "integer", args: [], at },
    at,
  } as const;
  const select: Select = { ...body, items: [{ ...item, alias: item.alias ?? signal, expression: processId }] };
  return { signal, query: { ...query, body: select } };
}

function signalOf({ name: { parts } }: Call): Signal | undefined {
  if (parts.length > 2 || (parts.length === 2 && parts[0] !== "pg_catalog")) return undefined;
  return SIGNALS.find((signal) => signal === parts.at(-1));
}

export function bindSignal({ query }: SignalQuery, context: BindContext): BoundQuery {
  return bindQuery(query, context);
}

export async function runSignal({ signal }: SignalQuery, run: StatementRun<BoundQuery>): Promise<Outcome> {
  const { bound, connection, limit, core } = run;
  run.reads(bound.reads);
  const result = await connection.stream(bound.sql, run.parameters, limit);
  const stream = rowStream({ connection, result, limit, aside: () => core.shared.connect() });
  const processIds: unknown[] = [];
  for (let chunk = await stream.next(); chunk !== undefined; chunk = await stream.next()) {
    processIds.push(...chunk.getColumnValues(0));
  }
  const send = signal === "pg_cancel_backend" ? core.shared.cancel : core.shared.terminate;
  const rows = processIds.map((processId) => {
    if (typeof processId !== "number") return [null];
    checkSignal(core, processId);
    if (send(processId)) return [1];
    core.notice({ severity: "WARNING", message: `PID ${processId} is not a PostgreSQL server process` });
    return [0];
  });
  return { tag: (count) => `SELECT ${count}`, columns: bound.columns, rows };
}
