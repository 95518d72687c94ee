/**
 * EXPLAIN: the engine's own plan, in the form in which Redshift shows one. EXPLAIN ANALYZE, which Redshift does not have, runs the query and tells what
 * each step made and what was passed by: row groups by their least and greatest values, objects of external tables by their partitions. Partitions are
 * counted by the scans that the engine's planner has left in the plan, so EXPLAIN tells of them without reading anything; objects are counted by the
 * engine as it reads. Row groups within a Parquet object are passed by too, and the engine does not say how many.
 */
import type { BoundChange, BoundQuery } from "../../binder/bound.js";
import { SQL_STATE, SqlError } from "../../sql-error.js";
import { textLiteral } from "../../sql-text.js";
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
    if (statement.analyze && inner.kind !== "query-statement") {
      throw new SqlError(SQL_STATE.featureNotSupported, "EXPLAIN ANALYZE takes a SELECT: it runs the statement", {
        at: inner.at,
        hint: "EXPLAIN alone shows the plan of a statement that changes something.",
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
  async run({ analyze }, { bound, connection, parameters, limit, reads }) {
    reads(bound.reads);
    const options = analyze ? "ANALYZE, FORMAT json" : "FORMAT json";
    const result = await connection.stream(`EXPLAIN (${options}) ${bound.sql}`, parameters, limit);
    const texts: string[] = [];
    for (
      let chunk = await connection.fetch(result, limit);
      chunk !== undefined;
      chunk = await connection.fetch(result, limit)
    ) {
      texts.push(...chunk.getColumnValues(1).map(String));
    }
    const external = externalOf(bound);
    const lines = analyze
      ? await profileLines(JSON.parse(texts[0]!) as Profile, external, (sql) => connection.rows(sql, limit))
      : estimatedLines(
          texts.flatMap((text) => JSON.parse(text) as PlanNode[]),
          external,
        );
    return { tag: () => "EXPLAIN", columns: COLUMNS, rows: lines.map((line) => [line]) };
  },
};

type Facts = Readonly<Record<string, string | readonly string[]>>;

interface PlanNode {
  readonly name: string;
  readonly children?: readonly PlanNode[];
  readonly extra_info?: Facts;
}

/** What the engine tells of a step that was carried out. */
interface ProfileNode {
  readonly operator_name: string;
  readonly operator_cardinality: number;
  readonly operator_rows_scanned: number;
  readonly extra_info?: Facts;
  readonly children?: readonly ProfileNode[];
}

interface Profile {
  /** Seconds. */
  readonly latency: number;
  readonly children: readonly ProfileNode[];
}

/** Facts that name the generated text's own columns help nobody. */
const SHOWN: readonly string[] = ["Conditions", "Filters", "Join Type", "Function"];

/** What the statement's external tables have, before anything is passed by; one that is named twice counts twice. */
interface External {
  readonly partitions: number;
  readonly objects: number;
}

function externalOf({ reads, sql }: BoundQuery | BoundChange): External | undefined {
  const tables = new Map(reads.flatMap((table) => (table.partitions === undefined ? [] : [[table.from, table]])));
  if (tables.size === 0) return undefined;
  let partitions = 0;
  let objects = 0;
  for (const [from, table] of tables) {
    const times = from === undefined ? 1 : Math.max(1, sql.split(from).length - 1);
    partitions += times * (table.partitions ?? 0);
    objects += times * (table.objects ?? 0);
  }
  return { partitions, objects };
}

function estimatedLines(plan: readonly PlanNode[], external: External | undefined): string[] {
  const lines = plan.flatMap((node) => planLines(node, 0));
  if (external === undefined) return lines;
  const scans = plan.reduce((sum, node) => sum + scansIn(node), 0);
  return [...lines, partitionLine("to read", scans, external)];
}

const isFileScan = (info: Facts = {}) => /^READ_(PARQUET|CSV|JSON)/.test(textOf(info.Function));

function scansIn({ extra_info, children = [] }: PlanNode): number {
  return children.reduce((sum, child) => sum + scansIn(child), isFileScan(extra_info) ? 1 : 0);
}

function partitionLine(what: string, scans: number, { partitions, objects }: External): string {
  const passed = Math.max(0, partitions - scans);
  const all = `Partitions ${what}: ${Math.min(scans, partitions)} of ${partitions}`;
  const held = what === "read" ? "" : ` (${objects} objects in all)`;
  return `${all}${held}${passed === 0 ? "" : `; ${passed} passed by, which the conditions exclude`}`;
}

function planLines(node: PlanNode, depth: number): string[] {
  const info = node.extra_info ?? {};
  return [
    ...stepLines(node.name, info, textOf(info["Estimated Cardinality"]), depth),
    ...(node.children ?? []).flatMap((child) => planLines(child, depth + 1)),
  ];
}

function stepLines(name: string, info: Facts, rows: string, depth: number): string[] {
  const table = textOf(info.Table).replace(/^.*\./, "");
  const words = name
    .trim()
    .toLowerCase()
    .split("_")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  const indent = depth === 0 ? "" : `${"  ".repeat(depth)}->  `;
  const facts = SHOWN.map((key) => [key, textOf(info[key])] as const).filter(([, text]) => text !== "");
  return [
    `${indent}XN ${words.join(" ")}${table === "" ? "" : ` on ${table}`}${rows === "" ? "" : `  (rows=${rows})`}`,
    ...facts.map(([key, text]) => `${factIndent(depth)}${key}: ${text}`),
  ];
}

const factIndent = (depth: number) => "  ".repeat(depth + 2);

async function profileLines(
  { latency, children }: Profile,
  external: External | undefined,
  rowsOf: (sql: string) => Promise<readonly (readonly unknown[])[]>,
): Promise<string[]> {
  let filesRead = 0;
  let scans = 0;
  async function linesOf(node: ProfileNode, depth: number): Promise<string[]> {
    const info = node.extra_info ?? {};
    filesRead += Number(textOf(info["Total Files Read"]));
    if (isFileScan(info)) scans++;
    const lines = stepLines(node.operator_name, info, String(node.operator_cardinality), depth);
    const table = textOf(info.Table);
    if (table !== "") {
      const [row] = await rowsOf(
        `SELECT estimated_size::DOUBLE FROM duckdb_tables() WHERE database_name || '.' || schema_name || '.' || table_name = ${textLiteral(table)}`,
      );
      const all = Math.max(Number(row?.[0] ?? 0), node.operator_rows_scanned);
      const passed = all - node.operator_rows_scanned;
      const how = passed === 0 ? "" : `; ${passed} passed by, in row groups that the filters or the limit exclude`;
      lines.push(`${factIndent(depth)}Rows read: ${node.operator_rows_scanned} of ${all}${how}`);
    }
    for (const child of node.children ?? []) lines.push(...(await linesOf(child, depth + 1)));
    return lines;
  }
  const lines: string[] = [];
  // The outermost step is EXPLAIN ANALYZE itself.
  for (const outermost of children) {
    for (const child of outermost.children ?? []) lines.push(...(await linesOf(child, 0)));
  }
  if (external !== undefined) {
    const { objects } = external;
    const passed = Math.max(0, objects - filesRead);
    lines.push(
      partitionLine("read", scans, external),
      `Objects read: ${filesRead} of ${objects}${passed === 0 ? "" : `; ${passed} passed by, in partitions that the conditions exclude`}`,
    );
  }
  lines.push(`Took: ${(latency * 1000).toFixed(1)} ms`);
  return lines;
}

function textOf(value: string | readonly string[] | undefined): string {
  if (value === undefined) return "";
  return (typeof value === "string" ? value : value.join(", ")).replace(/\s+/g, " ").trim();
}
