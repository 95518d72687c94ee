/**
 * INSERTs of many plain rows: DuckDB binds each cell of VALUES by itself, which takes seconds for tens of thousands; the same cells in one JSON
 * text it reads ten times as fast.
 */
import { textLiteral } from "../../sql-text.js";
import type { DefaultValue, Expression } from "../../syntax/ast.js";
import type { SqlType } from "../../types.js";
import { duckDbType } from "../../types-duckdb.js";
import type { RelationColumn } from "../bound.js";
import { dateOfText, timestampOfText } from "../expressions/date-time-text.js";

type Cell = Expression | DefaultValue;

/** Below it, VALUES are as fast and easier to read. */
const ROWS_LEAST = 24;

const RANGES = {
  smallint: [-32_768n, 32_767n],
  integer: [-2_147_483_648n, 2_147_483_647n],
  bigint: [-(2n ** 63n), 2n ** 63n - 1n],
} as const;

/** The rows as a query that reads them from one literal, `more` behind them; undefined where they are few or a cell is not a plain literal. */
export function quickRows(
  rows: readonly (readonly Cell[])[],
  columns: readonly RelationColumn[],
  more: readonly string[],
): string | undefined {
  if (rows.length < ROWS_LEAST) return undefined;
  const values: (string | null)[][] = [];
  for (const row of rows) {
    const cells: (string | null)[] = [];
    for (let index = 0; index < columns.length; index += 1) {
      const value = quickValue(row[index]!, columns[index]!.type);
      if (value === undefined) return undefined;
      cells.push(value);
    }
    values.push(cells);
  }
  const items = columns.map(({ type }, index) => {
    const text = `(j ->> ${index})`;
    return type.kind === "varchar" || type.kind === "char" ? text : `CAST(${text} AS ${duckDbType(type)})`;
  });
  const source = `SELECT unnest(json_extract(${textLiteral(JSON.stringify(values))}, '$[*]')) AS j`;
  return `SELECT ${[...items, ...more].join(", ")} FROM (${source}) AS v`;
}

/**
 * The text of a literal that its column takes as it is; undefined for everything that is to be checked, rounded, cut or refused, which is for the
 * long way to do.
 */
export function quickValue(cell: Cell, type: SqlType): string | null | undefined {
  if (cell.kind === "unary" && cell.operator === "-" && cell.operand.kind === "literal") {
    const { value } = cell.operand;
    return value.type === "number" ? quickNumber(`-${value.text}`, type) : undefined;
  }
  if (cell.kind !== "literal") return undefined;
  const { value } = cell;
  switch (value.type) {
    case "null":
      return null;
    case "boolean":
      return type.kind === "boolean" ? String(value.value) : undefined;
    case "number":
      return quickNumber(value.text, type);
    case "string":
      return quickText(value.text, type);
  }
}

function quickNumber(text: string, type: SqlType): string | undefined {
  if (type.kind === "smallint" || type.kind === "integer" || type.kind === "bigint") {
    if (!/^-?\d{1,19}$/.test(text)) return undefined;
    const [least, most] = RANGES[type.kind];
    const value = BigInt(text);
    return value >= least && value <= most ? String(value) : undefined;
  }
  if (type.kind !== "decimal") return undefined;
  const found = /^(-?)0*(\d+)(?:\.(\d*))?$/.exec(text);
  if (found === null) return undefined;
  const [, sign = "", whole = "0", fraction = ""] = found;
  if (fraction.length > type.scale || (whole !== "0" && whole.length > type.precision - type.scale)) return undefined;
  return fraction === "" ? `${sign}${whole}` : `${sign}${whole}.${fraction}`;
}

function quickText(text: string, type: SqlType): string | undefined {
  if (type.kind === "date") return dateOfText(text);
  if (type.kind === "timestamp") {
    const found = timestampOfText(text);
    return found?.zone === undefined ? found?.local : undefined;
  }
  if (type.kind !== "varchar" && type.kind !== "char") return undefined;
  // A text has at most three bytes for each of its units.
  const fits = text.length * 3 <= type.length || Buffer.byteLength(text) <= type.length;
  if (!fits || (type.kind === "char" && text.endsWith(" "))) return undefined;
  return text.includes("\0") || /\p{Surrogate}/u.test(text) ? undefined : text;
}
