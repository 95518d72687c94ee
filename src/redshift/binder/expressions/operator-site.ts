import { SQL_STATE, SqlError } from "../../sql-error.js";
import { type SqlType, typeName } from "../../types.js";
import type { BindContext } from "../bound.js";

export interface OperatorSite {
  readonly operator: string;
  readonly at: number;
  readonly context: BindContext;
}

export function noOperator(
  site: { readonly operator: string; readonly at: number },
  ...types: readonly SqlType[]
): SqlError {
  const words = types.map(typeName);
  const [first, second] = words;
  const text = second === undefined ? `${site.operator} ${first}` : `${first} ${site.operator} ${second}`;
  return new SqlError(SQL_STATE.undefinedFunction, `operator does not exist: ${text}`, {
    at: site.at,
    hint: "No operator matches the given name and argument type(s). You may need to add explicit type casts.",
  });
}
