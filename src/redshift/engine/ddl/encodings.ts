/** Which of Redshift's encodings takes which types. Source: "Compression encodings", its table of data types. */
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { SqlType } from "../../types.js";

type Kind = SqlType["kind"];

const WHOLE: readonly Kind[] = ["smallint", "integer", "bigint"];
const TIMES: readonly Kind[] = ["date", "timestamp", "timestamptz"];
const CLOCKS: readonly Kind[] = ["time", "timetz"];
const FLOATS: readonly Kind[] = ["real", "double"];
const TEXTS: readonly Kind[] = ["char", "varchar"];

const TAKES: Readonly<Record<string, readonly Kind[] | "all">> = {
  raw: "all",
  none: "all",
  auto: "all",
  az64: [...WHOLE, "decimal", ...TIMES, ...CLOCKS],
  bytedict: [...WHOLE, "decimal", ...FLOATS, ...TEXTS, ...TIMES, ...CLOCKS],
  delta: [...WHOLE, "decimal", "date", "timestamp"],
  delta32k: ["integer", "bigint", "decimal", "date", "timestamp"],
  lzo: [...WHOLE, "decimal", ...TEXTS, ...TIMES, ...CLOCKS, "varbyte", "super"],
  mostly8: [...WHOLE, "decimal"],
  mostly16: ["integer", "bigint", "decimal"],
  mostly32: ["bigint", "decimal"],
  runlength: [...WHOLE, "decimal", ...FLOATS, "boolean", ...TEXTS, ...TIMES, ...CLOCKS],
  text255: ["varchar"],
  text32k: ["varchar"],
  zstd: [...WHOLE, "decimal", ...FLOATS, "boolean", ...TEXTS, ...TIMES, ...CLOCKS, "varbyte", "super"],
};

/** Those that a column of the type may have: `raw`, `az64`, ... AUTO is none of them. */
export function encodingsFor(type: SqlType): readonly string[] {
  return Object.keys(TAKES).filter((name) => name !== "none" && name !== "auto" && takesType(name, type));
}

/** As it is stored: `raw`, `az64`, ...; undefined for AUTO. Throws for one that is unknown or does not take the type. */
export function encodingOf(encode: string, type: SqlType, column: string, at: number): string | undefined {
  const name = encode.toLowerCase();
  const takes = TAKES[name];
  if (takes === undefined) {
    throw new SqlError(SQL_STATE.syntaxError, `encoding type "${encode}" is not recognized`, {
      at,
      hint: `Encodings are ${Object.keys(TAKES).join(", ")}.`,
    });
  }
  if (!takesType(name, type)) {
    const fitting = Object.keys(TAKES).filter((one) => takesType(one, type));
    throw new SqlError(SQL_STATE.invalidTableDefinition, `invalid encoding type specified for column "${column}"`, {
      at,
      detail: `ENCODE ${name} does not take the column's type.`,
      hint: `It takes ${fitting.join(", ")}.`,
    });
  }
  if (name === "auto") return undefined;
  return name === "none" ? "raw" : name;
}

function takesType(name: string, type: SqlType): boolean {
  const takes = TAKES[name];
  return takes === "all" || takes?.includes(type.kind) === true;
}
