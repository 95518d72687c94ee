/** Functions of SUPER values. Source: Redshift's "SUPER type information functions" and "Array functions". */

import type { BoundExpression } from "../binder/bound.js";
import { coerce } from "../binder/expressions/coerce.js";
import { SQL_STATE } from "../sql-error.js";
import {
  BOOLEAN,
  type CallSite,
  type FunctionEntry,
  familyOf,
  INTEGER,
  noFunction,
  overload,
  SUPER,
  TEXT,
} from "./entry.js";
import { raise } from "./raise.js";

const { scalar } = familyOf("super");
const isOf = (names: string, test: string) => scalar(names, overload("super", BOOLEAN, test));
const WHOLE = "json_type($1) IN ('BIGINT', 'UBIGINT')";
const within = (bits: number) =>
  `(${WHOLE} AND TRY_CAST(($1 ->> '$') AS ${bits === 16 ? "SMALLINT" : bits === 32 ? "INTEGER" : "BIGINT"}) IS NOT NULL)`;
/** Its items; NULL for what is no array. */
const list = (arg: string) => `(CASE WHEN json_type(${arg}) = 'ARRAY' THEN CAST(${arg} AS JSON[]) END)`;

export const SUPER_FUNCTIONS: readonly FunctionEntry[] = [
  ...scalar(
    "json_typeof",
    overload(
      "super",
      TEXT,
      "(CASE json_type($1) WHEN 'OBJECT' THEN 'object' WHEN 'ARRAY' THEN 'array' WHEN 'VARCHAR' THEN 'string' WHEN 'BOOLEAN' THEN 'boolean' WHEN 'NULL' THEN 'null' WHEN 'BIGINT' THEN 'number' WHEN 'UBIGINT' THEN 'number' WHEN 'HUGEINT' THEN 'number' WHEN 'DOUBLE' THEN 'number' END)",
    ),
  ),
  ...isOf("is_array", "(json_type($1) = 'ARRAY')"),
  ...isOf("is_object", "(json_type($1) = 'OBJECT')"),
  ...isOf("is_scalar", "(json_type($1) NOT IN ('ARRAY', 'OBJECT', 'NULL'))"),
  ...isOf("is_varchar is_char", "(json_type($1) = 'VARCHAR')"),
  ...isOf("is_boolean", "(json_type($1) = 'BOOLEAN')"),
  ...isOf("is_decimal", "(json_type($1) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE'))"),
  ...isOf("is_float", "(json_type($1) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE'))"),
  ...isOf("is_smallint", within(16)),
  ...isOf("is_integer", within(32)),
  ...isOf("is_bigint", within(64)),
  ...scalar(
    "array",
    overload("any...", SUPER, (args) => `CAST(json_array(${args.map(jsonOf).join(", ")}) AS JSON)`, {
      nullable: false,
    }),
  ),
  ...scalar(
    "object",
    overload(
      "any...",
      SUPER,
      (args, site) => {
        if (args.length % 2 === 1) throw noFunction(site, "object", args);
        const members = args.map((arg, index) => (index % 2 === 0 ? keyOf(arg, site) : jsonOf(arg)));
        return `CAST(json_object(${members.join(", ")}) AS JSON)`;
      },
      { nullable: false },
    ),
  ),
  ...scalar(
    "array_concat",
    overload("super, super", SUPER, `CAST(to_json(list_concat(${list("$1")}, ${list("$2")})) AS JSON)`),
  ),
  ...scalar(
    "array_flatten",
    overload(
      "super",
      SUPER,
      `CAST(to_json(flatten(list_transform(${list("$1")}, item -> CASE WHEN json_type(item) = 'ARRAY' THEN ${list("item")} ELSE [item] END))) AS JSON)`,
    ),
  ),
  ...scalar(
    "get_array_length",
    overload("super", INTEGER, "(CASE WHEN json_type($1) = 'ARRAY' THEN CAST(json_array_length($1) AS INTEGER) END)"),
  ),
  ...scalar(
    "subarray",
    overload("super, int, int?", SUPER, (args) => {
      const [array, start, length] = args.map((arg) => arg.sql) as [string, string, string | undefined];
      const size = `json_array_length(${array})`;
      const first = `(CASE WHEN ${start} < 0 THEN greatest(${size} + ${start}, 0) ELSE ${start} END)`;
      const end = length === undefined ? size : `${first} + ${length}`;
      return `CAST(to_json(list_slice(${list(array)}, CAST(${first} + 1 AS BIGINT), CAST(${end} AS BIGINT))) AS JSON)`;
    }),
  ),
  ...scalar(
    "split_to_array",
    overload(
      "text, text?",
      SUPER,
      (args) => `CAST(to_json(string_split(${args[0]!.sql}, ${args[1]?.sql ?? "','"})) AS JSON)`,
    ),
  ),
  ...scalar("json_size super_size", overload("super", INTEGER, "CAST(strlen(CAST($1 AS VARCHAR)) AS INTEGER)"), {
    status: "partly",
    note: "The bytes of the JSON text; Redshift has those of its own form.",
  }),
  ...attributeNames("lower"),
  ...attributeNames("upper"),
];

/** The tokens of a JSON text are its texts, with the colon behind where they are names, and what is between them. */
function attributeNames(to: "lower" | "upper"): FunctionEntry[] {
  const tokens = `regexp_extract_all(CAST($1 AS VARCHAR), '"(?:[^"\\\\]|\\\\.)*":?|[^"]+')`;
  const name = `CAST(to_json(${to}(CAST(left(token, -1) AS JSON) ->> '$')) AS VARCHAR) || ':'`;
  const changed = `list_transform(${tokens}, token -> CASE WHEN token LIKE '"%":' THEN ${name} ELSE token END)`;
  return scalar(`${to}_attribute_names`, overload("super", SUPER, `CAST(array_to_string(${changed}, '') AS JSON)`), {
    status: "partly",
    note: "Names that become the same stay both; Redshift refuses them.",
  });
}

/** A SUPER goes in as it is; a text becomes JSON's text. */
function jsonOf(arg: BoundExpression): string {
  return arg.origin?.kind === "null" ? "NULL" : arg.sql;
}

function keyOf(arg: BoundExpression, site: CallSite): string {
  const key = coerce(arg, TEXT, "implicit", site.scope.context).sql;
  return `(CASE WHEN ${key} IS NULL THEN ${raise(SQL_STATE.invalidParameterValue, "OBJECT: a key is NULL")} ELSE ${key} END)`;
}
