/**
 * The codec's fast path: SQL that decodes the journal's own lines in DuckDB and says of each record whether what it read is
 * provably what the reference (codec/) reads.
 *
 *     read_csv over the spool        d = the payload's text, holds_nul = whether it holds \u0000, at which from_json ends a text
 *       -> from_json | string_split  every column's value as text (t0, t1, ...); carefully, a record that is no JSON becomes NULL, by TRY
 *       -> casts                     the typed values (v0, v1, ...)
 *       -> proofs                    row | filtered | unsure
 *
 * Every proof is about the text and its typed value together: a value that prints as the very text it came from was read without
 * rounding, blanks, signs or another notation, and then it makes no difference whether JSON had it in quotes. What a proof does not
 * cover is `unsure`, never an error (DuckDB chooses the order of conditions by itself, so each must bear any text): it goes to the reference. (from_json's freedoms are the reference's too: see json-text.ts.)
 */
import type { ColumnModel, CsvFormat, TableModel } from "../definition/model.js";
import { mappingOf } from "../definition/types.js";
import { SUPER_BYTES_MAX } from "./codec/cell.js";
import { planRows, type RowPlan } from "./codec/row-plan.js";

export interface FastPath {
  /**
   * What the conditions and outputs below are over: a relation with `d` and `holds_nul`, and what is read of each record. `hopeful` is cheaper, and an error
   * where a record is no JSON at all.
   */
  readonly layers: (relation: string, manner: "hopeful" | "careful") => string;
  /** Over `layers`: the record is one row, which the columns named like the table's hold. */
  readonly isRow: string;
  /** Over `layers`: the record is one row, which `where` turned away. `FALSE` where there is no `where`. */
  readonly isFiltered: string;
  readonly outputs: readonly string[];
}

/** Each column is text and value, 2,048 rows of both, for each thread: wider tables would need more memory than the engine may have. */
const COLUMNS_MAX = 300;

/** undefined where the table's records must all go by the reference. */
export function planFastPath(table: TableModel): FastPath | undefined {
  if (table.transform !== undefined || !table.columns.every(hasFastCheck)) return undefined;
  if (table.columns.length > COLUMNS_MAX) return undefined;
  const plan = planRows(table);
  return table.format.kind === "json" ? jsonPath(plan) : csvPath(plan, table.format);
}

function hasFastCheck({ timeFormat }: ColumnModel): boolean {
  return timeFormat === undefined || ["auto", "epochsecs", "epochmillisecs"].includes(timeFormat);
}

export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

interface Leaf {
  readonly kind: "VARCHAR" | "JSON";
  /** The expression over `r` that reads it. */
  readonly read: string;
}

/** What from_json is to extract: names to leaves, or to the same one level deeper. */
type Shape = Map<string, Shape | Leaf>;

function jsonPath(plan: RowPlan): FastPath | undefined {
  const shape: Shape = new Map();
  const texts: string[] = [];
  const values: string[] = [];
  const outputs: string[] = [];
  const proofs: string[] = [];
  const quick: string[] = [];
  const whole: string[] = [];
  let anyText = plan.where !== undefined;
  /** Whether all `quick` can be true of a record without a single value. */
  let quickOfNothing = true;
  let anyRequired = false;
  for (const [index, { column, fallback }] of plan.columns.entries()) {
    const t = `t${index}`;
    const v = `v${index}`;
    if (index === plan.keepIndex) {
      outputs.push(`NULL::${mappingOf(column.type).lake} AS ${sqlName(column.name)}`);
      continue;
    }
    const isSuper = column.type.kind === "super";
    const leaf = addLeaf(shape, column.path, isSuper ? "JSON" : "VARCHAR");
    if (leaf === undefined) return undefined;
    texts.push(`${isSuper ? `CAST(${leaf.read} AS VARCHAR)` : leaf.read} AS ${t}`);
    const check = checkOf(column, t, v, { kind: "json", pointer: pointerOf(column.path) });
    if (check.value !== undefined) values.push(`${check.value} AS ${v}`);
    outputs.push(`${check.output} AS ${sqlName(column.name)}`);
    const optional = column.nullable && fallback === null;
    anyRequired ||= !optional;
    quickOfNothing &&= optional && check.quickOfNull === true;
    anyText ||= isSuper || column.type.kind === "varchar" || column.type.kind === "char";
    proofs.push(optional ? `(${t} IS NULL OR (${check.proof}))` : `(${t} IS NOT NULL AND (${check.proof}))`);
    quick.push(optional ? check.quick : `${t} IS NOT NULL AND ${check.quick}`);
  }
  let whereText: string | undefined;
  if (plan.where !== undefined) {
    const leaf = addLeaf(shape, [plan.where.field], "VARCHAR");
    if (leaf === undefined) return undefined;
    whereText = "tw";
    texts.push(`${leaf.read} AS tw`);
  }
  if (shape.size === 0) return undefined;
  const all = plan.columns.flatMap((_, index) => (index === plan.keepIndex ? [] : [`t${index}`]));
  // from_json answers a row of NULLs for what is no object: then nothing proves that there was one.
  const someValue = `coalesce(${[...all, ...(whereText ? [whereText] : [])].join(", ")}) IS NOT NULL`;
  if (!anyRequired) (quickOfNothing ? whole : proofs).push(someValue);
  if (anyText) whole.push("NOT holds_nul");
  if (plan.columns.some(({ column }) => column.type.kind === "super")) whole.push("TRY(CAST(json(d) AS VARCHAR)) = d");
  const { unknownFields } = plan.table.format.kind === "json" ? plan.table.format : { unknownFields: "ignore" };
  if (unknownFields !== "ignore") {
    whole.push(`list_has_all([${[...plan.knownFields].map(sqlText).join(", ")}], TRY(json_keys(d)))`);
  }
  const where = plan.where && {
    known: `((tw IS NULL AND ${someValue}) OR (${plainTextProof("tw", pointerOf([plan.where.field]))} AND NOT holds_nul))`,
    accepted: `(tw IS NOT NULL AND tw IN (${[...plan.where.accepted].map(sqlText).join(", ")}))`,
  };
  const extract = `from_json(d, ${sqlText(JSON.stringify(shapeText(shape)))})`;
  return assemble({ extract, texts, values, outputs, whole, proofs, quick, where });
}

function csvPath(plan: RowPlan, format: CsvFormat): FastPath | undefined {
  if (format.header !== "none" || format.delimiter.length !== 1) return undefined;
  if (plan.columns.some(({ column }) => column.type.kind === "super")) return undefined;
  const field = (index: number) => `nullif(r[${index + 1}], ${sqlText(format.nullAs)})`;
  const texts = plan.columns.map((_, index) => `${field(index)} AS t${index}`);
  const values: string[] = [];
  const outputs: string[] = [];
  const whole = [`len(r) = ${plan.columns.length}`];
  if (format.quote !== "") whole.push(`NOT contains(d, ${sqlText(format.quote)})`);
  const proofs: string[] = [];
  const quick: string[] = [];
  for (const [index, { column, fallback }] of plan.columns.entries()) {
    const t = `t${index}`;
    const check = checkOf(column, t, `v${index}`, { kind: "csv" });
    if (check.value !== undefined) values.push(`${check.value} AS v${index}`);
    outputs.push(`${check.output} AS ${sqlName(column.name)}`);
    const proof = fallback === null ? check.proof : `${t} <> '' AND ${check.proof}`;
    const optional = column.nullable && fallback === null;
    proofs.push(optional ? `(${t} IS NULL OR (${proof}))` : `(${t} IS NOT NULL AND ${proof})`);
    quick.push(optional ? check.quick : `${t} IS NOT NULL AND ${t} <> '' AND ${check.quick}`);
  }
  let where: { known: string; accepted: string } | undefined;
  if (plan.where !== undefined) {
    const at = plan.columns.findIndex(({ column }) => column.name === plan.where?.field);
    if (at === -1) return undefined;
    where = {
      known: `(${whole.join(" AND ")})`,
      accepted: `(t${at} IS NOT NULL AND t${at} IN (${[...plan.where.accepted].map(sqlText).join(", ")}))`,
    };
  }
  return assemble({
    extract: `string_split(d, ${sqlText(format.delimiter)})`,
    texts,
    values,
    outputs,
    whole,
    proofs,
    quick,
    where,
  });
}

function assemble(parts: {
  readonly extract: string;
  readonly texts: readonly string[];
  readonly values: readonly string[];
  readonly outputs: readonly string[];
  /** Of the record as such. */
  readonly whole: readonly string[];
  /** Of each column: what must hold, and what often does and implies it. */
  readonly proofs: readonly string[];
  readonly quick: readonly string[];
  readonly where: { readonly known: string; readonly accepted: string } | undefined;
}): FastPath {
  const { where } = parts;
  const columns = `CASE WHEN ${parts.quick.join(" AND ")} THEN TRUE ELSE ${parts.proofs.join(" AND ")} END`;
  const proofs = ["d IS NOT NULL", "r IS NOT NULL", ...parts.whole, ...(parts.proofs.length > 0 ? [columns] : [])].join(
    " AND ",
  );
  return {
    layers: (relation, manner) => {
      const extract = manner === "hopeful" ? parts.extract : `TRY(${parts.extract})`;
      return `(SELECT *${parts.values.map((value) => `, ${value}`).join("")} FROM (SELECT *, ${parts.texts.join(", ")} FROM (SELECT *, ${extract} AS r FROM ${relation})))`;
    },
    isRow: where === undefined ? proofs : `${where.known} AND ${where.accepted} AND ${proofs}`,
    isFiltered:
      where === undefined ? "FALSE" : `d IS NOT NULL AND r IS NOT NULL AND ${where.known} AND NOT ${where.accepted}`,
    outputs: parts.outputs,
  };
}

/** Puts a leaf into the shape; undefined where another column's path is a part of this one, or DuckDB would take two names for one. */
function addLeaf(root: Shape, path: readonly string[], kind: Leaf["kind"]): Leaf | undefined {
  let shape = root;
  let read = "r";
  for (const [depth, name] of path.entries()) {
    const twin = [...shape.keys()].find((other) => other !== name && other.toLowerCase() === name.toLowerCase());
    if (name === "" || twin !== undefined) return undefined;
    read = `struct_extract(${read}, ${sqlText(name)})`;
    const found = shape.get(name);
    if (depth === path.length - 1) {
      if (found === undefined) {
        const leaf: Leaf = { kind, read };
        shape.set(name, leaf);
        return leaf;
      }
      return found instanceof Map || found.kind !== kind ? undefined : found;
    }
    if (found !== undefined && !(found instanceof Map)) return undefined;
    const deeper: Shape = found ?? new Map();
    shape.set(name, deeper);
    shape = deeper;
  }
  return undefined;
}

function shapeText(shape: Shape): unknown {
  return Object.fromEntries(
    [...shape].map(([name, part]) => [name, part instanceof Map ? shapeText(part) : part.kind]),
  );
}

function pointerOf(path: readonly string[]): string {
  return path.map((name) => `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

interface Check {
  /** The typed value from `t`, where it is not `t` itself. Never an error: NULL where it does not fit. */
  readonly value: string | undefined;
  /** From `t` and `v`, the lake's value. */
  readonly output: string;
  /** Whether that is what the reference reads, given that `t` is not NULL. */
  readonly proof: string;
  /** A cheaper condition that implies `proof`, for what is sent most. OR is dear in DuckDB (it tries both sides now and then, to learn), so it has none. */
  readonly quick: string;
  /** Whether `quick` is true where there is no value, which is right then; else it is never true of NULL. */
  readonly quickOfNull?: true;
}

type Origin = { readonly kind: "json"; readonly pointer: string } | { readonly kind: "csv" };

const WHOLE = (t: string) => `TRY_CAST(${t} AS BIGINT)::VARCHAR = ${t}`;
const PLAIN_NUMBER = (t: string) => `regexp_full_match(${t}, '-?[0-9]{1,38}(\\.[0-9]{1,38})?')`;
/** Below 10^15 units of the last digit, neighbouring doubles are less than a quarter of a unit apart. */
const EXACT_DIGITS = 15;

function checkOf(column: ColumnModel, t: string, v: string, origin: Origin): Check {
  const { type } = column;
  const { lake } = mappingOf(type);
  const typed = (proof: string, value = `TRY_CAST(${t} AS ${lake})`, quick = proof): Check => ({
    value,
    output: v,
    proof,
    quick,
  });
  const text = (proof: string, output = t, quick = proof): Check => ({ value: undefined, output, proof, quick });
  switch (type.kind) {
    case "smallint":
    case "integer":
    case "bigint":
      // NULL where there is no text is right where NULL is; elsewhere the column's condition asks for a text besides.
      return {
        ...typed(`${v}::VARCHAR = ${t}`, undefined, `${v}::VARCHAR IS NOT DISTINCT FROM ${t}`),
        quickOfNull: true,
      };
    case "decimal": {
      if (origin.kind === "csv") return typed(`${v} IS NOT NULL AND ${PLAIN_NUMBER(t)}`);
      // A JSON number comes here as the shortest text of its double. What it was, digit for digit, is less than a quarter of a unit
      // of the last place away from that, so it rounds to the same value, as long as the double is the value's own.
      const bound = `1e${EXACT_DIGITS - type.scale}::DOUBLE`;
      const small = `abs(${v}::DOUBLE) < ${bound}`;
      const same = `${v}::DOUBLE = TRY_CAST(${t} AS DOUBLE) AND ${small}`;
      const shortest = `${v}::DOUBLE::VARCHAR = ${t}`;
      return typed(
        `${v} IS NOT NULL AND ((${same} AND (${shortest} OR ${PLAIN_NUMBER(t)})) OR (${WHOLE(t)}))`,
        undefined,
        `${small} AND ${shortest}`,
      );
    }
    case "real":
      return typed(
        `isfinite(${v}) AND (TRY_CAST(${t} AS DOUBLE)::VARCHAR = ${t} OR ${PLAIN_NUMBER(t)})`,
        // Negative zero plus zero is zero.
        `(TRY_CAST(TRY_CAST(${t} AS DOUBLE) AS FLOAT) + 0::FLOAT)`,
      );
    case "double":
      return typed(
        `isfinite(${v}) AND (${v}::VARCHAR = ${t} OR ${PLAIN_NUMBER(t)})`,
        `(TRY_CAST(${t} AS DOUBLE) + 0::DOUBLE)`,
        `isfinite(${v}) AND ${v}::VARCHAR = ${t}`,
      );
    case "boolean":
      return text(`${t} IN ('true', 'false', 't', 'f', '1', '0')`, `${t} IN ('true', 't', '1')`);
    case "varchar":
    case "char": {
      const fits = `strlen(${t}) <= ${type.length}${type.kind === "char" ? ` AND length(${t}) = strlen(${t})` : ""}`;
      if (origin.kind === "csv") return text(fits);
      return text(`${fits} AND ${plainTextProof(t, origin.pointer)}`, t, `${fits} AND ${t} >= 'A' AND ${t} < '['`);
    }
    case "super":
      // What the strict reader refuses and from_json takes: numbers that are none.
      return text(`strlen(${t}) <= ${SUPER_BYTES_MAX} AND NOT regexp_matches(${t}, '(?i)(^|[:,\\[])-?(nan|inf)')`);
    case "time":
      // 24:00:00 is a TIME for DuckDB.
      return typed(`${v} = ${t} AND ${t} < '24'`, `TRY_CAST(${t} AS TIME)::VARCHAR`);
    case "date":
      return typed(`${v}::VARCHAR = ${t} AND ${v} BETWEEN DATE '0001-01-01' AND DATE '9999-12-31'`);
    case "timestamp":
    case "timestamptz":
      return timestampCheck(column, t, v, lake);
  }
}

/** By the text's length, the one form that it can have; the text must be what the value prints as in that form. */
const ISO_FORMS = [
  [19, "'%Y-%m-%dT%H:%M:%S'"],
  [20, "'%Y-%m-%dT%H:%M:%SZ'"],
  [23, "'%Y-%m-%dT%H:%M:%S.%g'"],
  [24, "'%Y-%m-%dT%H:%M:%S.%gZ'"],
  [25, "'%Y-%m-%dT%H:%M:%S+00:00'"],
  [26, "'%Y-%m-%dT%H:%M:%S.%f'"],
  [27, "'%Y-%m-%dT%H:%M:%S.%fZ'"],
  [29, "'%Y-%m-%dT%H:%M:%S.%g+00:00'"],
  [32, "'%Y-%m-%dT%H:%M:%S.%f+00:00'"],
] as const;

function timestampCheck({ timeFormat }: ColumnModel, t: string, v: string, lake: string): Check {
  const output = lake === "TIMESTAMP" ? v : `${v}::${lake}`;
  const years = `${v} >= TIMESTAMP '0001-01-01' AND ${v} < TIMESTAMP '10000-01-01'`;
  if (timeFormat === "epochsecs" || timeFormat === "epochmillisecs") {
    const micros = timeFormat === "epochsecs" ? 1_000_000 : 1000;
    const bound = timeFormat === "epochsecs" ? 253_402_300_800 : 253_402_300_800_000;
    const whole = `TRY_CAST(${t} AS BIGINT)`;
    const proof = `${v} IS NOT NULL AND ${WHOLE(t)} AND ${years}`;
    const value = `CASE WHEN ${whole} > -${bound} AND ${whole} < ${bound} THEN make_timestamp(${whole} * ${micros}) END`;
    return { value, output, proof, quick: proof };
  }
  const forms = ISO_FORMS.map(([length, form]) => `WHEN ${length} THEN strftime(${v}, ${form})`).join(" ");
  const proof = `${v} IS NOT NULL AND ${years} AND CASE WHEN ${v}::VARCHAR = ${t} THEN TRUE ELSE CASE strlen(${t}) ${forms} END = ${t} END`;
  return { value: `TRY_CAST(${t} AS TIMESTAMP)`, output, proof, quick: proof };
}

/**
 * Whether a text from from_json stands in the record as it is. Strings do; numbers may have been written anew (1.50 comes as 1.5), lists
 * and objects too. So a text that could be one of those must be a whole number, or have been a string.
 */
function plainTextProof(t: string, pointer: string): string {
  const could = `(${t} < ':' AND ${t} >= '-' OR ascii(${t}) IN (91, 123))`;
  const noNumber = `(${t} < ':' AND TRY_CAST(${t} AS DOUBLE) IS NULL)`;
  return `(NOT ${could} OR coalesce(${WHOLE(t)}, FALSE) OR ${noNumber} OR TRY(json_type(d, ${sqlText(pointer)})) IN ('VARCHAR', 'UBIGINT', 'BIGINT'))`;
}
