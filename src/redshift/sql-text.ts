import { SQL_STATE, SqlError } from "./sql-error.js";

/** A text as DuckDB's literal, whatever it holds. */
export function textLiteral(value: string): string {
  if (value.includes("\0")) {
    throw new SqlError(SQL_STATE.invalidTextRepresentation, "A text cannot hold the character U+0000.", {
      hint: "Take it out, or keep the bytes in a VARBYTE.",
    });
  }
  return `'${value.replaceAll("'", "''")}'`;
}

/** A name as DuckDB takes it, whatever it holds. */
export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
