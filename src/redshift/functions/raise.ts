/**
 * Errors that only show while a statement runs: generated text calls DuckDB's `error()` with a marked message, and the engine's layer asks
 * `runtimeError` what an error of DuckDB's was meant to be.
 */
import { SQL_STATE, SqlError } from "../sql-error.js";
import { textLiteral } from "../sql-text.js";

const MARK = "penstock";

/** DuckDB text that raises when it is evaluated; it fits where a value of any type does. */
export function raise(state: string, message: string): string {
  return `error(${textLiteral(`${MARK}:${state}:${message}`)})`;
}

/** The same with a value in the message, `before` and `after` it: `value` is DuckDB text of type VARCHAR, never NULL. */
export function raiseWith(state: string, before: string, value: string, after = ""): string {
  const tail = after === "" ? "" : ` || ${textLiteral(after)}`;
  return `error(${textLiteral(`${MARK}:${state}:${before}`)} || ${value}${tail})`;
}

/** What an error message of DuckDB's means to the user of the SQL door; undefined where it is nothing that a statement's data can cause. */
export function runtimeError(message: string, cause?: unknown): SqlError | undefined {
  const details = cause === undefined ? {} : { cause };
  const marked = new RegExp(`${MARK}:([0-9A-Z]{5}):([^]*)`).exec(message);
  if (marked !== null) return new SqlError(marked[1]!, marked[2]!, details);
  return undefined;
}
void SQL_STATE;
