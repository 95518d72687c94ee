import { textLiteral } from "../../sql-text.js";
import type { DefaultValue, Expression } from "../../syntax/ast.js";
import type { SqlType } from "../../types.js";

const RANGES = {
  smallint: [-32_768n, 32_767n],
  integer: [-2_147_483_648n, 2_147_483_647n],
  bigint: [-(2n ** 63n), 2n ** 63n - 1n],
} as const;

/**
 * A literal that its column takes as it stands, without being bound: INSERTs of thousands of rows are made of these. Undefined for everything
 * that is to be checked, rounded, cut or refused, which is for the long way to do.
 */
export function quickCell(cell: Expression | DefaultValue, type: SqlType): string | undefined {
  if (cell.kind === "unary" && cell.operator === "-" && cell.operand.kind === "literal") {
    const { value } = cell.operand;
    return value.type === "number" ? quickNumber(`-${value.text}`, type) : undefined;
  }
  if (cell.kind !== "literal") return undefined;
  const { value } = cell;
  switch (value.type) {
    case "null":
      return "NULL";
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
  if (fraction.length > type.scale || whole.length > type.precision - type.scale) return undefined;
  return fraction === "" ? `${sign}${whole}` : `${sign}${whole}.${fraction}`;
}

function quickText(text: string, type: SqlType): string | undefined {
  if (type.kind !== "varchar" && type.kind !== "char") return undefined;
  // A text has at most three bytes for each of its units.
  const fits = text.length * 3 <= type.length || Buffer.byteLength(text) <= type.length;
  return fits && !(type.kind === "char" && text.endsWith(" ")) ? textLiteral(text) : undefined;
}
