/** SUPER values as scalars. */
import { raise } from "../../functions/raise.js";
import { SQL_STATE } from "../../sql-error.js";
import { type SqlType, typeName } from "../../types.js";
import { duckDbType } from "../../types-duckdb.js";
import type { CastManner } from "./cast-manner.js";
import { groupOf } from "./type-groups.js";

/**
 * Where an operator or a function asks for it the conversion is lax, as Redshift's dynamic typing is: NULL where the value is of another
 * kind. An explicit cast of such a value is an error.
 */
export function superAs(sql: string, to: SqlType, manner: CastManner): string {
  const lax = manner.kind === "implicit" || manner.try;
  const type = `json_type(${sql})`;
  const text = `(${sql} ->> '$')`;
  const otherwise = lax
    ? ""
    : ` WHEN ${type} <> 'NULL' THEN ${raise(SQL_STATE.invalidTextRepresentation, `invalid input syntax for type ${typeName(to)}: the SUPER value is of another type`)}`;
  const numbers = `${type} IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE')`;
  switch (groupOf(to)) {
    case "number": {
      const texts = lax ? "" : ` WHEN ${type} = 'VARCHAR' THEN CAST(${text} AS ${duckDbType(to)})`;
      const cast = manner.try ? "TRY_CAST" : "CAST";
      const value =
        to.kind === "real" || to.kind === "double"
          ? text
          : `CAST(${text} AS ${to.kind === "decimal" ? duckDbType(to) : "DECIMAL(38,6)"})`;
      return `(CASE WHEN ${numbers} THEN ${cast}(${value} AS ${duckDbType(to)})${texts}${otherwise} END)`;
    }
    case "boolean":
      return `(CASE WHEN ${type} = 'BOOLEAN' THEN CAST(${text} AS BOOLEAN)${lax ? "" : ` WHEN ${type} = 'VARCHAR' THEN CAST(${text} AS BOOLEAN)`}${otherwise} END)`;
    case "text":
      // A lax one takes texts alone: comparing 5 with '5' is no match.
      if (lax && !manner.try) return `(CASE WHEN ${type} = 'VARCHAR' THEN ${text} END)`;
      return `(CASE WHEN ${type} <> 'NULL' THEN ${text} END)`;
    case "varbyte":
      return `(CASE WHEN ${type} = 'VARCHAR' THEN encode(${text})${otherwise} END)`;
    default:
      return `(CASE WHEN ${type} = 'VARCHAR' THEN ${lax ? "TRY_CAST" : "CAST"}(${text} AS ${duckDbType(to)})${otherwise} END)`;
  }
}
