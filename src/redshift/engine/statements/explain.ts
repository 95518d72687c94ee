/** EXPLAIN: the engine's own plan, in the form in which Redshift shows one. */
import type { BoundChange, BoundQuery } from "../../binder/bound.js";
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { Explain } from "../../syntax/ast.js";
import { type StatementHandler, textColumn } from "../statement-run.js";

const COLUMNS = [textColumn("QUERY PLAN")];
const EXPLAINED: ReadonlySet<string> = new Set([
  "query-statement",
  "insert",
  "update",
  "delete",
  "merge",
  "create-table-as",
]);

export const explainHandler: StatementHandler<Explain, BoundQuery | BoundChange> = {
  access: "read",
  bind(statement, context, core) {
    const inner = statement.statement;
    const handler = core.shared.handlers[inner.kind] as StatementHandler | undefined;
    if (statement.analyze) {
      throw new SqlError(SQL_STATE.featureNotSupported, "EXPLAIN ANALYZE is not supported", {
        at: statement.at,
        hint: "EXPLAIN shows the plan; SYS_QUERY_HISTORY tells how long a statement took.",
      });
    }
    if (!EXPLAINED.has(inner.kind) || handler?.bind === undefined) {
      throw new SqlError(
        SQL_STATE.syntaxError,
        "EXPLAIN takes a SELECT, INSERT, UPDATE, DELETE, MERGE or CREATE TABLE AS",
        {
          at: inner.at,
        },
      );
    }
    return handler.bind(inner, context, core) as BoundQuery | BoundChange;
  },
  columns: () => COLUMNS,
  async run(_, { bound, connection, parameters, limit, reads }) {
    reads(bound.reads);
    const result = await connection.stream(`EXPLAIN (FORMAT json) ${bound.sql}`, parameters, limit);
    const lines: string[] = [];
    for (
      let chunk = await connection.fetch(result, limit);
      chunk !== undefined;
      chunk = await connection.fetch(result, limit)
    ) {
      for (const value of chunk.getColumnValues(1))
        for (const node of JSON.parse(String(value)) as PlanNode[]) addLines(lines, node, 0);
    }
    return { tag: () => "EXPLAIN", columns: COLUMNS, rows: lines.map((line) => [line]) };
  },
};

interface PlanNode {
  readonly name: string;
  readonly children?: readonly PlanNode[];
  readonly extra_info?: Readonly<Record<string, string | readonly string[]>>;
}

/** Facts that name the generated text's own columns help nobody. */
const SHOWN: readonly string[] = ["Table", "Conditions", "Filters", "Join Type", "Function"];

function addLines(lines: string[], node: PlanNode, depth: number): void {
  const info = node.extra_info ?? {};
  const table = textOf(info.Table).replace(/^.*\./, "");
  const words = node.name
    .trim()
    .toLowerCase()
    .split("_")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  const rows = textOf(info["Estimated Cardinality"]);
  const indent = depth === 0 ? "" : `${"  ".repeat(depth)}->  `;
  lines.push(
    `${indent}XN ${words.join(" ")}${table === "" ? "" : ` on ${table}`}${rows === "" ? "" : `  (rows=${rows})`}`,
  );
  for (const key of SHOWN.slice(1)) {
    const text = textOf(info[key]);
    if (text !== "") lines.push(`${"  ".repeat(depth + 2)}${key}: ${text}`);
  }
  for (const child of node.children ?? []) addLines(lines, child, depth + 1);
}

function textOf(value: string | readonly string[] | undefined): string {
  if (value === undefined) return "";
  return (typeof value === "string" ? value : value.join(", ")).replace(/\s+/g, " ").trim();
}
