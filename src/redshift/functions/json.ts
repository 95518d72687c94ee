/** Functions of JSON that is kept as text. Source: Redshift's "JSON functions". */
import type { BoundExpression } from "../binder/bound.js";
import { coerce, toText } from "../binder/expressions/coerce.js";
import { derived } from "../binder/expressions/derived.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import { textLiteral } from "../sql-text.js";
import { BOOLEAN, type CallSite, type FunctionEntry, familyOf, INTEGER, overload, SUPER, TEXT } from "./entry.js";
import { raise } from "./raise.js";

const { scalar, special } = familyOf("json");

export const JSON_FUNCTIONS: readonly FunctionEntry[] = [
  ...special("json_extract_path_text", extractPath),
  ...scalar(
    "json_extract_array_element_text",
    overload("text, int, boolean?", TEXT, (args) => {
      const [json, index, lenient] = args;
      return guarded(
        json!.sql,
        lenient,
        `json_extract_string(${json!.sql}, '$[' || CAST(${index!.sql} AS VARCHAR) || ']')`,
      );
    }),
  ),
  ...scalar(
    "json_array_length",
    overload("text, boolean?", INTEGER, (args) => {
      const [json, lenient] = args;
      const wrong =
        lenient === undefined
          ? raise(SQL_STATE.invalidParameterValue, "JSON parsing error: the text is not an array")
          : "NULL";
      return guarded(
        json!.sql,
        lenient,
        `CASE WHEN json_type(${json!.sql}) = 'ARRAY' THEN CAST(json_array_length(${json!.sql}) AS INTEGER) ELSE ${wrong} END`,
      );
    }),
  ),
  ...scalar("is_valid_json", overload("text", BOOLEAN, "json_valid($1)")),
  ...scalar(
    "is_valid_json_array",
    overload(
      "text",
      BOOLEAN,
      "(CASE WHEN json_valid($1) THEN json_type($1) = 'ARRAY' WHEN $1 IS NOT NULL THEN FALSE END)",
    ),
  ),
  ...scalar("json_parse", [
    overload("text", SUPER, "CAST(json(CAST($1 AS JSON)) AS JSON)"),
    overload("varbyte", SUPER, "CAST(json(CAST(decode($1) AS JSON)) AS JSON)"),
  ]),
  ...scalar("can_json_parse", [
    overload("text", BOOLEAN, "json_valid($1)"),
    overload("varbyte", BOOLEAN, "json_valid(decode($1))"),
  ]),
  ...scalar("json_serialize", overload("super", TEXT, "CAST($1 AS VARCHAR)")),
  ...scalar(
    "json_serialize_to_varbyte",
    overload("super", { kind: "varbyte", length: 1_024_000 }, "encode(CAST($1 AS VARCHAR))"),
  ),
];

/** Text that is no JSON is an error, or NULL where the last argument asks for that. */
function guarded(json: string, lenient: BoundExpression | undefined, sql: string): string {
  if (lenient === undefined || lenient.sql === "FALSE") return `(${sql})`;
  return `(CASE WHEN json_valid(${json})${lenient.sql === "TRUE" ? "" : ` OR NOT ${lenient.sql}`} THEN ${sql} END)`;
}

function extractPath(site: CallSite): BoundExpression {
  const { context } = site.scope;
  const bound = site.call.args.map((arg) => site.bind(arg));
  const last = bound.at(-1);
  const lenient = last?.type.kind === "boolean" ? last : undefined;
  const [json, ...steps] = (lenient === undefined ? bound : bound.slice(0, -1)).map((arg) => toText(arg, context));
  if (json === undefined || steps.length === 0) {
    throw new SqlError(SQL_STATE.undefinedFunction, "function json_extract_path_text needs a text and a path", {
      at: site.at,
    });
  }
  let path = "'$'";
  if (steps.every((step) => step.origin?.kind === "text")) {
    path = textLiteral(
      `$${steps.map((step) => (step.origin?.kind === "text" ? `."${step.origin.text.replaceAll('"', '\\"')}"` : "")).join("")}`,
    );
  } else {
    path = `('$' || ${steps.map((step) => `'."' || replace(${coerce(step, TEXT, "implicit", context).sql}, '"', '\\"') || '"'`).join(" || ")})`;
  }
  return derived(
    [json, ...steps],
    guarded(json.sql, lenient, `json_extract_string(${json.sql}, ${path})`),
    TEXT,
    site.at,
    { nullable: true },
  );
}
