/** SUPER values as scalars. */
import { raise } from "../../functions/raise.js";
import { SQL_STATE } from "../../sql-error.js";
import { type SqlType, typeName } from "../../types.js";
import { duckDbType } from "../../types-duckdb.js";
import type { CastManner } from "./cast-manner.js";
import { groupOf } from "./type-groups.js";

const INTEGERS = "'BIGINT', 'UBIGINT', 'HUGEINT'";

/**
 * NULL where the value is of another kind, as Redshift has it unless cast_super_null_on_error is off. An explicit cast takes texts and numbers
 * as one of the scalar would (`ofText` casts a text); where an operator or a function asks for it, only a value of that very kind will do.
 * What is assigned is never lost without a word. Source: "Limitations" of SUPER; "SUPER configurations".
 */
export function superAs(sql: string, to: SqlType, manner: CastManner, ofText: (text: string) => string): string {
  const lax = manner.kind === "implicit";
  const strict = manner.kind === "assignment" && !manner.try;
  const type = `json_type(${sql})`;
  const text = `(${sql} ->> '$')`;
  const otherwise = strict
    ? ` WHEN ${type} <> 'NULL' THEN ${raise(SQL_STATE.invalidTextRepresentation, `invalid input syntax for type ${typeName(to)}: the SUPER value is of another type`)}`
    : "";
  const cast = strict ? "CAST" : "TRY_CAST";
  const texts = lax ? "" : ` WHEN ${type} = 'VARCHAR' THEN ${ofText(text)}`;
  switch (groupOf(to)) {
    case "number": {
      const value =
        to.kind === "real" || to.kind === "double"
          ? text
          : `${cast}(${text} AS ${to.kind === "decimal" ? duckDbType(to) : "DECIMAL(38,6)"})`;
      const truths = lax ? "" : ` WHEN ${type} = 'BOOLEAN' THEN CAST(CAST(${text} AS BOOLEAN) AS ${duckDbType(to)})`;
      return `(CASE WHEN ${type} IN (${INTEGERS}, 'DOUBLE') THEN ${cast}(${value} AS ${duckDbType(to)})${texts}${truths}${otherwise} END)`;
    }
    case "boolean": {
      const numbers = lax ? "" : ` WHEN ${type} IN (${INTEGERS}) THEN ${text} <> '0'`;
      return `(CASE WHEN ${type} = 'BOOLEAN' THEN CAST(${text} AS BOOLEAN)${texts}${numbers}${otherwise} END)`;
    }
    case "text":
      // A lax one takes texts alone: comparing 5 with '5' is no match.
      if (lax && !manner.try) return `(CASE WHEN ${type} = 'VARCHAR' THEN ${text} END)`;
      return `(CASE WHEN ${type} <> 'NULL' THEN ${text} END)`;
    case "varbyte":
      return `(CASE WHEN ${type} = 'VARCHAR' THEN encode(${text})${otherwise} END)`;
    default:
      return `(CASE WHEN ${type} = 'VARCHAR' THEN ${ofText(text)}${otherwise} END)`;
  }
}
