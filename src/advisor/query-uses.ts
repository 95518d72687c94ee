/** What logged statements ask of a table: which of its columns they filter by, with what, and which they join by. By our own parser's trees. */
import type {
  ColumnRef,
  CommonTable,
  Expression,
  Join,
  Query,
  Select,
  Statement,
  TableName,
  TableRef,
} from "../redshift/syntax/ast.js";
import { parseStatements } from "../redshift/syntax/parse.js";
import { constantValue } from "./constants.js";
import type { SampleColumn, SampleValue } from "./sample.js";

export interface LoggedStatement {
  readonly sql: string;
  readonly atMs: number;
  /** How often the same text was run. */
  readonly count: number;
}

export interface UsedTable {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly SampleColumn[];
}

/** `undefined` for a bound that is there and not known: a parameter, or what only the data could tell. */
export type ColumnTest =
  | { readonly column: string; readonly kind: "equality"; readonly values: readonly (SampleValue | undefined)[] }
  | {
      readonly column: string;
      readonly kind: "range";
      readonly low?: { readonly value: SampleValue | undefined };
      readonly high?: { readonly value: SampleValue | undefined };
    };

/** One place in a statement where the table stands in FROM. */
export interface TableUse {
  readonly statement: LoggedStatement;
  readonly tests: readonly ColumnTest[];
  readonly joins: readonly { readonly column: string; readonly with: string | undefined }[];
}

/** Longer texts are made by programs, and tell of those. */
const TEXT_CHARS_MAX = 50_000;

/** Names of the columns of another table in a statement's FROM, where they are known. */
export type ColumnsOf = (name: readonly string[]) => readonly string[] | undefined;

/** [] where the statement does not read the table, or is none that can be read. */
export function usesOf(statement: LoggedStatement, table: UsedTable, columnsOf: ColumnsOf): TableUse[] {
  if (statement.sql.length > TEXT_CHARS_MAX) return [];
  let parsed: readonly { readonly statement: Statement }[];
  try {
    parsed = parseStatements(statement.sql);
  } catch {
    return [];
  }
  const uses: TableUse[] = [];
  for (const one of parsed) {
    for (const select of selectsOf(one.statement)) uses.push(...usesIn(select, statement, table, columnsOf));
  }
  return uses;
}

/** FROM and its conditions, wherever they stand. */
interface Reading {
  readonly from: readonly TableRef[];
  readonly where: Expression | undefined;
  readonly commonTables: ReadonlySet<string>;
}

function selectsOf(statement: Statement): Reading[] {
  const found: Reading[] = [];
  const walk = (value: unknown, commonTables: ReadonlySet<string>): void => {
    if (Array.isArray(value)) {
      for (const item of value) walk(item, commonTables);
      return;
    }
    if (typeof value !== "object" || value === null) return;
    const node = value as { readonly kind?: string; readonly with?: readonly CommonTable[] };
    const visible =
      node.with === undefined || node.with.length === 0
        ? commonTables
        : new Set([...commonTables, ...node.with.map(({ name }) => name)]);
    if (node.kind === "select") {
      const { from, where } = value as Select;
      found.push({ from, where, commonTables: visible });
    }
    for (const inner of Object.values(node)) walk(inner, visible);
  };
  walk(statement, new Set());
  if (statement.kind === "delete" || statement.kind === "update") {
    const target: TableName = {
      kind: "table",
      name: statement.table,
      at: statement.at,
      ...(statement.alias === undefined ? {} : { alias: { name: statement.alias } }),
    };
    const others = statement.kind === "delete" ? statement.using : statement.from;
    found.push({ from: [target, ...others], where: statement.where, commonTables: new Set() });
  }
  return found;
}

interface InScope {
  /** What qualifies its columns. */
  readonly name: string;
  readonly parts: readonly string[];
  /** The relation's own name, whatever it is called here. */
  readonly relation: string;
  /** Undefined where they are not known. */
  readonly columns: ReadonlySet<string> | undefined;
  readonly ours: boolean;
}

function usesIn(reading: Reading, statement: LoggedStatement, table: UsedTable, columnsOf: ColumnsOf): TableUse[] {
  const { scope, conditions } = scopeOf(reading, table, columnsOf);
  return scope
    .filter(({ ours }) => ours)
    .map((own) => {
      const columnOf = (expression: Expression) => ownColumn(expression, own, scope, table);
      const tests: ColumnTest[] = [];
      const joins: { column: string; with: string | undefined }[] = [];
      for (const condition of conditions) {
        const join = joinOf(condition, own, scope, columnOf);
        if (join !== undefined) joins.push(join);
        else {
          const test = testOf(condition, columnOf, statement.atMs);
          if (test !== undefined) tests.push(test);
        }
      }
      return { statement, tests: merged(tests), joins };
    });
}

function scopeOf(reading: Reading, table: UsedTable, columnsOf: ColumnsOf) {
  const scope: InScope[] = [];
  const conditions: Expression[] = conjuncts(reading.where);
  const add = (ref: TableRef): void => {
    switch (ref.kind) {
      case "table": {
        const { parts } = ref.name;
        const last = parts.at(-1) ?? "";
        const common = parts.length === 1 && reading.commonTables.has(last);
        const ours = !common && last === table.name && (parts.length === 1 || parts.at(-2) === table.schema);
        const columns = ours ? table.columns.map(({ name }) => name) : common ? undefined : columnsOf(parts);
        scope.push({
          name: ref.alias?.name ?? last,
          parts: ref.alias === undefined ? parts : [ref.alias.name],
          relation: last,
          columns: columns === undefined ? undefined : new Set(columns),
          ours,
        });
        return;
      }
      case "join":
        add(ref.left);
        add(ref.right);
        conditions.push(...conjuncts(ref.on), ...usingConditions(ref, scope));
        return;
      case "table-query":
        scope.push({
          name: ref.alias?.name ?? "",
          parts: [ref.alias?.name ?? ""],
          relation: ref.alias?.name ?? "",
          columns: outputNames(ref.query),
          ours: false,
        });
        return;
      default:
        scope.push({ name: "", parts: [], relation: "", columns: undefined, ours: false });
    }
  };
  for (const ref of reading.from) add(ref);
  return { scope, conditions };
}

/** `USING (a)` as `left.a = right.a`, of the two tables that were added last. */
function usingConditions({ using, at }: Join, scope: readonly InScope[]): Expression[] {
  const [left, right] = scope.slice(-2);
  if (using === undefined || left === undefined || right === undefined) return [];
  const column = (of: InScope, name: string): ColumnRef => ({ kind: "column", parts: [of.name, name], at });
  return using.map((name) => ({
    kind: "binary",
    operator: "=",
    left: column(left, name),
    right: column(right, name),
    at,
  }));
}

function outputNames({ body }: Query): ReadonlySet<string> | undefined {
  if (body.kind !== "select") return undefined;
  const names = body.items.map(({ alias, expression }) =>
    alias !== undefined ? alias : expression.kind === "column" ? expression.parts.at(-1) : undefined,
  );
  return names.every((name) => name !== undefined) ? new Set(names) : undefined;
}

function conjuncts(expression: Expression | undefined): Expression[] {
  if (expression === undefined) return [];
  return expression.kind === "and" ? expression.operands.flatMap(conjuncts) : [expression];
}

type OwnColumn = (expression: Expression) => SampleColumn | undefined;

function ownColumn(
  expression: Expression,
  own: InScope,
  scope: readonly InScope[],
  table: UsedTable,
): SampleColumn | undefined {
  if (expression.kind !== "column") return undefined;
  const { parts } = expression;
  const name = parts.at(-1) ?? "";
  const column = table.columns.find((one) => one.name === name);
  if (column === undefined) return undefined;
  if (parts.length > 1) return qualifies(parts.slice(0, -1), own) ? column : undefined;
  return scope.some((other) => other !== own && other.columns?.has(name)) ? undefined : column;
}

function qualifies(qualifier: readonly string[], relation: InScope): boolean {
  if (qualifier.length === 1) return qualifier[0] === relation.name;
  return qualifier.join(".") === relation.parts.slice(-qualifier.length).join(".");
}

function joinOf(condition: Expression, own: InScope, scope: readonly InScope[], column: OwnColumn) {
  if (condition.kind === "in-query" && !condition.negated) {
    const joined = column(condition.operand);
    return joined === undefined ? undefined : { column: joined.name, with: undefined };
  }
  if (condition.kind !== "binary" || condition.operator !== "=") return undefined;
  for (const [one, other] of [
    [condition.left, condition.right],
    [condition.right, condition.left],
  ] as const) {
    const joined = column(one);
    if (joined === undefined || other.kind !== "column" || column(other) !== undefined) continue;
    const { parts } = other;
    const partner = scope.find((relation) =>
      relation === own
        ? false
        : parts.length > 1
          ? qualifies(parts.slice(0, -1), relation)
          : relation.columns?.has(parts[0] ?? ""),
    );
    const name = partner === undefined ? undefined : `${partner.relation}.${parts.at(-1)}`;
    return { column: joined.name, with: name };
  }
  return undefined;
}

const TURNED: Readonly<Record<string, string>> = { "<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=" };

function testOf(condition: Expression, own: OwnColumn, nowMs: number): ColumnTest | undefined {
  switch (condition.kind) {
    case "binary": {
      const left = own(condition.left);
      const column = left ?? own(condition.right);
      const operator = left === undefined ? TURNED[condition.operator] : condition.operator;
      if (column === undefined || operator === undefined) return undefined;
      const value = constantValue(left === undefined ? condition.left : condition.right, column.type, nowMs);
      if (operator === "=") return { column: column.name, kind: "equality", values: [value] };
      if (operator === "<" || operator === "<=") return { column: column.name, kind: "range", high: { value } };
      if (operator === ">" || operator === ">=") return { column: column.name, kind: "range", low: { value } };
      return undefined;
    }
    case "between": {
      const column = own(condition.operand);
      if (column === undefined || condition.negated) return undefined;
      return {
        column: column.name,
        kind: "range",
        low: { value: constantValue(condition.low, column.type, nowMs) },
        high: { value: constantValue(condition.high, column.type, nowMs) },
      };
    }
    case "in-list": {
      const column = own(condition.operand);
      if (column === undefined || condition.negated) return undefined;
      const values = condition.items.map((item) => constantValue(item, column.type, nowMs));
      return { column: column.name, kind: "equality", values };
    }
    case "like": {
      const column = own(condition.operand);
      const { pattern } = condition;
      if (column === undefined || condition.negated || condition.operator !== "like") return undefined;
      if (pattern.kind !== "literal" || pattern.value.type !== "string") return undefined;
      const [prefix = ""] = pattern.value.text.split(/[%_]/);
      if (prefix === "") return undefined;
      return { column: column.name, kind: "range", low: { value: prefix }, high: { value: `${prefix}\uffff` } };
    }
    case "column": {
      const column = own(condition);
      if (column?.type.kind !== "boolean") return undefined;
      return { column: column.name, kind: "equality", values: [true] };
    }
    case "or": {
      const parts = condition.operands.map((one) => testOf(one, own, nowMs));
      const [first] = parts;
      const same = parts.every((part) => part?.kind === "equality" && part.column === first?.column);
      if (first === undefined || !same) return undefined;
      return {
        column: first.column,
        kind: "equality",
        values: parts.flatMap((part) => (part?.kind === "equality" ? part.values : [])),
      };
    }
    default:
      return undefined;
  }
}

/** `a >= 1 AND a < 5` is one range. */
function merged(tests: readonly ColumnTest[]): ColumnTest[] {
  const answer: ColumnTest[] = [];
  for (const test of tests) {
    const at = answer.findIndex(
      (one) =>
        one.kind === "range" &&
        test.kind === "range" &&
        one.column === test.column &&
        (one.low === undefined || test.low === undefined) &&
        (one.high === undefined || test.high === undefined),
    );
    const before = answer[at];
    if (before === undefined) answer.push(test);
    else answer[at] = { ...before, ...test } as ColumnTest;
  }
  return answer;
}
