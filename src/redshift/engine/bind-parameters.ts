import type { DuckDBPreparedStatement } from "@duckdb/node-api";
import type { SqlValue } from "../database.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import { type SqlType, typeName } from "../types.js";

/** A statement's parameters: values with the types that they were settled as, by index from 0. */
export interface Parameters {
  readonly values: readonly SqlValue[];
  readonly types: readonly SqlType[];
}

/** Generated text casts each of its `$n` to the parameter's type, so that texts of numbers and times go as texts. */
export function bindParameters(prepared: DuckDBPreparedStatement, { values, types }: Parameters): void {
  for (let place = 1; place <= prepared.parameterCount; place++) {
    const number = Number(prepared.parameterName(place));
    const value = values[number - 1];
    if (value === undefined) {
      throw new SqlError(
        "08P01",
        `bind message supplies ${values.length} parameters, but the statement needs ${number}`,
      );
    }
    bindOne(prepared, place, value, types[number - 1]);
  }
}

function bindOne(prepared: DuckDBPreparedStatement, place: number, value: SqlValue, type: SqlType | undefined): void {
  switch (typeof value) {
    case "string":
      prepared.bindVarchar(place, value);
      return;
    case "boolean":
      prepared.bindBoolean(place, value);
      return;
    case "bigint":
      prepared.bindBigInt(place, value);
      return;
    case "number":
      if (type?.kind === "smallint" || type?.kind === "integer") prepared.bindInteger(place, value);
      else if (Number.isSafeInteger(value) && type?.kind !== "double" && type?.kind !== "real")
        prepared.bindBigInt(place, BigInt(value));
      else prepared.bindDouble(place, value);
      return;
  }
  if (value === null) prepared.bindNull(place);
  else if (value instanceof Uint8Array) prepared.bindBlob(place, value);
  else {
    const what = type === undefined ? "an array" : typeName(type);
    throw new SqlError(SQL_STATE.featureNotSupported, `a parameter of type ${what} cannot be an array`, {
      hint: "Send one parameter for each of its items.",
    });
  }
}
