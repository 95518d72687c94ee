/** VARBYTE functions. Source: Redshift's "VARBYTE functions". */

import type { BoundExpression } from "../binder/bound.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import { type FunctionEntry, familyOf, INTEGER, overload, TEXT, VARBYTE } from "./entry.js";
import { raise } from "./raise.js";

const { scalar } = familyOf("varbyte");
const notHex = raise(
  SQL_STATE.invalidParameterValue,
  "the text has an odd number of digits, or others than 0-9 and a-f",
);
const hexChecked = `(CASE WHEN regexp_full_match($1, '([0-9a-fA-F]{2})*') THEN unhex($1) WHEN $1 IS NOT NULL THEN ${notHex} END)`;

export const VARBYTE_FUNCTIONS: readonly FunctionEntry[] = [
  ...scalar("from_hex", overload("text", VARBYTE, hexChecked)),
  ...scalar(
    "to_varbyte",
    overload("text, text", VARBYTE, (args) => decoded(args)),
  ),
  ...scalar(
    "from_varbyte",
    overload("varbyte, text", TEXT, (args) => encoded(args)),
  ),
  ...scalar("from_base64", overload("text", VARBYTE, "from_base64($1)")),
  ...scalar("to_base64", [overload("varbyte", TEXT, "to_base64($1)"), overload("text", TEXT, "to_base64(encode($1))")]),
  ...scalar("getbit", overload("varbyte, int", INTEGER, bit)),
];

type Format = "hex" | "base64" | "binary" | "utf8";

function format(arg: BoundExpression | undefined): Format {
  const word = arg?.origin?.kind === "text" ? arg.origin.text.toLowerCase().replace("utf-8", "utf8") : undefined;
  if (word === "hex" || word === "base64" || word === "binary" || word === "utf8") return word;
  throw new SqlError(
    SQL_STATE.invalidParameterValue,
    "the format of a VARBYTE must be one of the literals hex, base64, binary, utf8",
    {
      ...(arg === undefined ? {} : { at: arg.at }),
    },
  );
}

function decoded(args: readonly BoundExpression[]): string {
  const sql = args[0]!.sql;
  switch (format(args[1])) {
    case "hex":
      return hexChecked.replaceAll("$1", () => sql);
    case "base64":
      return `from_base64(${sql})`;
    case "binary":
      return `unbin(${sql})`;
    default:
      return `encode(${sql})`;
  }
}

function encoded(args: readonly BoundExpression[]): string {
  const sql = args[0]!.sql;
  switch (format(args[1])) {
    case "hex":
      return `lower(hex(${sql}))`;
    case "base64":
      return `to_base64(${sql})`;
    case "binary":
      return `array_to_string(list_transform(range(1, octet_length(${sql}) + 1), i -> lpad(bin(CAST('0x' || substring(hex(${sql}), CAST(2 * i - 1 AS BIGINT), 2) AS INTEGER)), 8, '0')), '')`;
    default:
      return `decode(${sql})`;
  }
}

/** Bits count from the last byte's lowest. */
function bit(args: readonly BoundExpression[]): string {
  const [bytes, index] = args.map((arg) => arg.sql) as [string, string];
  const byte = `CAST('0x' || substring(hex(${bytes}), CAST(2 * (octet_length(${bytes}) - ${index} // 8) - 1 AS BIGINT), 2) AS INTEGER)`;
  return `CAST((${byte} >> (${index} % 8)) & 1 AS INTEGER)`;
}
