/** String functions. Source: Redshift's "String functions". */

import type { BoundExpression } from "../binder/bound.js";
import { coerce, toText } from "../binder/expressions/coerce.js";
import { derived } from "../binder/expressions/derived.js";
import { SQL_STATE } from "../sql-error.js";
import { VARCHAR_BYTES_MAX } from "../types.js";
import {
  BIGINT,
  type CallSite,
  type FunctionEntry,
  familyOf,
  INTEGER,
  overload,
  TEXT,
  textAsFirst,
  VARBYTE,
} from "./entry.js";
import { raise } from "./raise.js";

const { scalar, special } = familyOf("string");

export const STRING_FUNCTIONS: readonly FunctionEntry[] = [
  ...scalar("upper", overload("text", textAsFirst, "upper($1)")),
  ...scalar("lower", overload("text", textAsFirst, "lower($1)")),
  ...scalar("initcap", overload("text", textAsFirst, initCap)),
  ...scalar("len length char_length character_length textlen", [
    overload("text", INTEGER, (args) => `CAST(length(${blankless(args[0]!)}) AS INTEGER)`),
    overload("varbyte", INTEGER, "CAST(octet_length($1) AS INTEGER)"),
  ]),
  ...scalar("octet_length", [
    overload("text", INTEGER, "CAST(strlen($1) AS INTEGER)"),
    overload("varbyte", INTEGER, "CAST(octet_length($1) AS INTEGER)"),
  ]),
  ...scalar("bit_length", overload("text", INTEGER, "CAST(8 * strlen($1) AS INTEGER)")),
  ...scalar("concat", [
    overload("text, text", TEXT, "($1 || $2)"),
    overload("varbyte, varbyte", VARBYTE, "($1 || $2)"),
  ]),
  ...scalar("substring substr", [
    overload("text, int", textAsFirst, (args) => substring(args)),
    overload("text, int, int", textAsFirst, (args) => substring(args)),
    overload(
      "varbyte, int, int?",
      VARBYTE,
      (args) =>
        `unhex(${substring([hex(args[0]!), twice(args[1]!, -1), ...args.slice(2).map((arg) => twice(arg, 0))])})`,
    ),
  ]),
  ...scalar(
    "left",
    overload("text, int", textAsFirst, (args) => `left(${args[0]!.sql}, ${atLeastZero(args[1]!)})`),
  ),
  ...scalar(
    "right",
    overload("text, int", textAsFirst, (args) => `right(${args[0]!.sql}, ${atLeastZero(args[1]!)})`),
  ),
  ...scalar(
    "lpad",
    overload("text, int, text?", TEXT, (args) => padded("lpad", args)),
  ),
  ...scalar(
    "rpad",
    overload("text, int, text?", TEXT, (args) => padded("rpad", args)),
  ),
  ...special("trim btrim", (site) => trim(site, site.call.trim ?? "both")),
  ...special("ltrim", (site) => trim(site, "leading")),
  ...special("rtrim", (site) => trim(site, "trailing")),
  ...scalar("replace", overload("text, text, text", TEXT, "replace($1, $2, $3)")),
  ...scalar("translate", overload("text, text, text", textAsFirst, "translate($1, $2, $3)")),
  ...scalar(
    "split_part",
    overload("text, text, int", textAsFirst, (args) => splitPart(args)),
  ),
  ...scalar("strpos", overload("text, text", INTEGER, "CAST(instr($1, $2) AS INTEGER)")),
  ...scalar("charindex position", [
    overload("text, text", INTEGER, "CAST(instr($2, $1) AS INTEGER)"),
    overload("text, text, int", INTEGER, charIndexFrom),
  ]),
  ...scalar(
    "octetindex",
    overload(
      "text, text",
      INTEGER,
      "CAST(CASE WHEN instr($2, $1) = 0 THEN 0 ELSE strlen(left($2, instr($2, $1) - 1)) + 1 END AS INTEGER)",
    ),
  ),
  ...scalar("reverse", [
    overload("text", textAsFirst, "reverse($1)"),
    overload("int", TEXT, "reverse(CAST($1 AS VARCHAR))"),
  ]),
  ...scalar(
    "repeat replicate",
    overload("text, int", TEXT, (args) => `repeat(${args[0]!.sql}, ${atLeastZero(args[1]!)})`),
  ),
  ...scalar("chr", overload("int", { kind: "varchar", length: 4 }, "chr(CAST($1 AS INTEGER))")),
  ...scalar("ascii", overload("text", INTEGER, "ascii($1)")),
  ...scalar(
    "quote_ident",
    overload(
      "text",
      TEXT,
      `(CASE WHEN regexp_full_match($1, '[a-z_][a-z0-9_$]*') THEN $1 ELSE '"' || replace($1, '"', '""') || '"' END)`,
    ),
  ),
  ...scalar(
    "quote_literal",
    overload("text", TEXT, "('''' || replace(replace($1, '\\', '\\\\'), '''', '''''') || '''')"),
  ),
  ...scalar("strtol", overload("text, int", BIGINT, strtol)),
  ...scalar(
    "soundex",
    overload("text", { kind: "varchar", length: 4 }, (args) => soundex(args[0]!.sql)),
  ),
  ...scalar(
    "difference",
    overload("text, text", INTEGER, (args) => {
      const [a, b] = [soundex(args[0]!.sql), soundex(args[1]!.sql)];
      return `(${[1, 2, 3, 4].map((at) => `CAST(substring(${a}, ${at}, 1) = substring(${b}, ${at}, 1) AS INTEGER)`).join(" + ")})`;
    }),
  ),
  ...scalar("crc32", overload("text", BIGINT, crc32)),
  ...scalar(
    "bpcharcmp bttext_pattern_cmp",
    overload(
      "text, text",
      INTEGER,
      "(CASE WHEN rtrim($1, ' ') < rtrim($2, ' ') THEN -1 WHEN rtrim($1, ' ') > rtrim($2, ' ') THEN 1 WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN 0 END)",
    ),
  ),
  ...scalar("collate", overload("text, text", textAsFirst, "$1"), {
    status: "partly",
    note: "The value goes through; comparing stays case-sensitive.",
  }),
  ...scalar("to_ascii", overload("text", textAsFirst, "strip_accents($1)")),
];

/** A CHAR's blanks do not count; they are never stored, but a VARCHAR cast to CHAR may still have some. */
function blankless(arg: BoundExpression): string {
  return arg.type.kind === "char" && arg.column === undefined ? `rtrim(${arg.sql}, ' ')` : arg.sql;
}

function initCap(args: readonly BoundExpression[]): string {
  const characters = `string_split(lower(${args[0]!.sql}), '')`;
  return `array_to_string(list_transform(${characters}, (letter, i) -> CASE WHEN i = 1 OR NOT regexp_matches(${characters}[i - 1], '[\\p{L}\\p{N}]') THEN upper(letter) ELSE letter END), '')`;
}

function isAtLeast(arg: BoundExpression, least: number): boolean {
  return arg.origin?.kind === "number" && Number(arg.origin.text) >= least;
}

function atLeastZero(arg: BoundExpression): string {
  return isAtLeast(arg, 0) ? arg.sql : `greatest(${arg.sql}, 0)`;
}

/** Positions before the first count, as in PostgreSQL: SUBSTRING('abc', -1, 3) is 'a'. */
function substring(args: readonly BoundExpression[]): string {
  const [text, start, length] = args as [BoundExpression, BoundExpression, BoundExpression | undefined];
  if (length === undefined)
    return `substring(${text.sql}, ${isAtLeast(start, 1) ? start.sql : `greatest(${start.sql}, 1)`})`;
  if (isAtLeast(start, 1)) return `substring(${text.sql}, ${start.sql}, ${atLeastZero(length)})`;
  return `substring(${text.sql}, greatest(${start.sql}, 1), greatest(${length.sql} + least(${start.sql} - 1, 0), 0))`;
}

function hex(arg: BoundExpression): BoundExpression {
  return { ...arg, sql: `hex(${arg.sql})` };
}

function twice(arg: BoundExpression, shift: number): BoundExpression {
  const { origin: _, ...rest } = arg;
  return { ...rest, sql: `(2 * ${arg.sql}${shift === 0 ? "" : ` ${shift}`})` };
}

function padded(name: "lpad" | "rpad", args: readonly BoundExpression[]): string {
  const [text, length, fill] = args as [BoundExpression, BoundExpression, BoundExpression | undefined];
  return `${name}(${text.sql}, CAST(least(${atLeastZero(length)}, ${VARCHAR_BYTES_MAX}) AS INTEGER), ${fill?.sql ?? "' '"})`;
}

function trim(site: CallSite, which: "both" | "leading" | "trailing"): BoundExpression {
  const { context } = site.scope;
  const bound = site.call.args.map((arg) => toText(site.bind(arg), context));
  const [text, characters] = bound;
  if (text === undefined || bound.length > 2) {
    return derived(
      [],
      raise(SQL_STATE.undefinedFunction, `function ${site.name} takes one or two arguments`),
      TEXT,
      site.at,
    );
  }
  const name = which === "both" ? "trim" : which === "leading" ? "ltrim" : "rtrim";
  const type = textAsFirst([text]);
  return derived(
    bound,
    `${name}(${text.sql}, ${characters === undefined ? "' '" : coerce(characters, TEXT, "implicit", context).sql})`,
    type,
    site.at,
  );
}

function splitPart(args: readonly BoundExpression[]): string {
  const [text, delimiter, part] = args.map((arg) => arg.sql) as [string, string, string];
  if (isAtLeast(args[2]!, 1)) return `split_part(${text}, ${delimiter}, ${part})`;
  const wrong = raise(SQL_STATE.invalidParameterValue, "field position must be greater than zero");
  return `split_part(${text}, ${delimiter}, CASE WHEN ${part} < 1 THEN ${wrong} ELSE CAST(${part} AS BIGINT) END)`;
}

function charIndexFrom(args: readonly BoundExpression[]): string {
  const [part, text, from] = args.map((arg) => arg.sql) as [string, string, string];
  const found = `instr(substring(${text}, greatest(${from}, 1)), ${part})`;
  return `CAST(CASE WHEN ${found} = 0 THEN 0 ELSE ${found} + greatest(${from}, 1) - 1 END AS INTEGER)`;
}

/** Digits of the base, one after the other. */
function strtol(args: readonly BoundExpression[]): string {
  const [text, base] = args.map((arg) => arg.sql) as [string, string];
  const digits = `regexp_replace(lower(trim(${text})), '^[+-]?(0x)?', '')`;
  const digit = "(instr('0123456789abcdefghijklmnopqrstuvwxyz', letter) - 1)";
  const wrong = raise(SQL_STATE.invalidParameterValue, "The input is not a number of the given base.");
  const values = `list_transform(string_split(${digits}, ''), letter -> CASE WHEN letter = '' OR ${digit} < 0 OR ${digit} >= ${base} THEN ${wrong} ELSE CAST(${digit} AS HUGEINT) END)`;
  return `CAST(list_reduce(${values}, (sum, value) -> sum * ${base} + value) * CASE WHEN starts_with(trim(${text}), '-') THEN -1 ELSE 1 END AS BIGINT)`;
}

/** The first letter, and three digits of the consonants that follow; neighbours of one sound count once. */
function soundex(sql: string): string {
  const letters = `regexp_replace(upper(${sql}), '[^A-Z]', '', 'g')`;
  const coded = `translate(left(${letters}, 1) || translate(substring(${letters}, 2), 'HW', ''), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', '01230120022455012623010202')`;
  const collapsed = [1, 2, 3, 4, 5, 6].reduce(
    (inner, digit) => `regexp_replace(${inner}, '${digit}+', '${digit}', 'g')`,
    coded,
  );
  return `(CASE WHEN ${letters} = '' THEN '' ELSE left(left(${letters}, 1) || replace(substring(${collapsed}, 2), '0', '') || '000', 4) END)`;
}

function crc32(args: readonly BoundExpression[]): string {
  const table = Array.from({ length: 256 }, (_, index) => {
    let value = index;
    for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value >>> 0;
  });
  const bytes = `list_transform(range(1, strlen(${args[0]!.sql}) + 1), i -> CAST('0x' || substring(hex(encode(${args[0]!.sql})), CAST(2 * i - 1 AS BIGINT), 2) AS BIGINT))`;
  const folded = `list_reduce(list_prepend(CAST(4294967295 AS BIGINT), ${bytes}), (crc, byte) -> xor(CAST([${table.join(", ")}] AS BIGINT[])[(xor(crc, byte) & 255) + 1], crc >> 8))`;
  return `xor(${folded}, CAST(4294967295 AS BIGINT))`;
}
