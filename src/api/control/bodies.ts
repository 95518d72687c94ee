import { PenstockError } from "../../core/errors.js";
import type {
  AdviseBody,
  AuditBody,
  Pin,
  PinsBody,
  QueryBody,
  RedriveBody,
  ReplayBody,
  ShadowBody,
} from "./contract.js";
import { ADVISE_LIMITS } from "./instance.js";

/**
 * What a caller sent, checked against the contract before anything acts on it. An unknown field is refused rather than passed over: it is
 * a misspelt one, and a redrive with `dryrun` must not be taken for a real one.
 */
export function queryBody(value: unknown): QueryBody {
  const body = fields(value, ["sql", "rowsMax", "timeoutMs"]);
  const sql = text(body, "sql");
  if (sql === undefined || sql.trim() === "") throw wrong("sql", body.sql, "a statement");
  return defined({
    sql,
    rowsMax: whole(body, "rowsMax", 1, 1_000_000),
    timeoutMs: whole(body, "timeoutMs", 1, 3_600_000),
  });
}

export function redriveBody(value: unknown): RedriveBody {
  const body = fields(value, ["table", "code", "ids", "edits", "dryRun"]);
  const { ids, edits } = body;
  const areIds =
    ids === undefined || (Array.isArray(ids) && ids.length <= 100_000 && ids.every((id) => typeof id === "string"));
  if (!areIds) throw wrong("ids", ids, "a list of dead letters' ids, 100,000 at most");
  if (edits !== undefined && !areEdits(edits)) throw wrong("edits", edits, "an object of ids and bytes in base64");
  return defined({
    table: text(body, "table"),
    code: text(body, "code"),
    ids: ids as readonly string[] | undefined,
    edits,
    dryRun: flag(body, "dryRun"),
  });
}

export function auditBody(value: unknown): AuditBody {
  return defined({ progress: flag(fields(value, ["progress"]), "progress") });
}

const PINS_MAX = 50;
const PIN_TEXT_MAX = 10_000;
const PIN_LINES_MAX = 8;

export function pinsBody(value: unknown): PinsBody {
  const { pins } = fields(value, ["pins"]);
  if (!Array.isArray(pins) || pins.length > PINS_MAX) throw wrong("pins", pins, `a list of ${PINS_MAX} at most`);
  const ids = new Set<string>();
  return {
    pins: pins.map((given: unknown, index): Pin => {
      const pin = fields(given, ["id", "title", "kind", "sql", "x", "y", "unit"]);
      const named = (name: string) => {
        const one = text(pin, name);
        if (one !== undefined && one.trim() !== "" && one.length <= PIN_TEXT_MAX) return one;
        throw wrong(`pins[${index}].${name}`, pin[name], `a text of ${PIN_TEXT_MAX} characters at most`);
      };
      const { kind, y } = pin;
      if (kind !== "line" && kind !== "bar" && kind !== "scatter") {
        throw wrong(`pins[${index}].kind`, kind, '"line", "bar" or "scatter"');
      }
      const areColumns =
        Array.isArray(y) && y.length > 0 && y.length <= PIN_LINES_MAX && y.every((one) => typeof one === "string");
      if (!areColumns) throw wrong(`pins[${index}].y`, y, `a list of 1 to ${PIN_LINES_MAX} columns`);
      const sql = named("sql");
      // A pin is asked again and again by every open console: nothing that changes the warehouse belongs there.
      if (!/^\s*(select|with)\b/i.test(sql))
        throw wrong(`pins[${index}].sql`, sql, "a statement that begins with SELECT or WITH");
      const id = named("id");
      if (ids.has(id)) throw wrong(`pins[${index}].id`, id, "another than the others'");
      ids.add(id);
      return {
        id,
        title: named("title"),
        kind,
        sql,
        x: named("x"),
        y: y as string[],
        ...(pin.unit === undefined ? {} : { unit: named("unit") }),
      };
    }),
  };
}

function areEdits(value: unknown): value is Readonly<Record<string, string>> {
  const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((bytes) => typeof bytes === "string" && base64.test(bytes))
  );
}

export function replayBody(value: unknown): ReplayBody {
  const body = fields(value, [
    "table",
    "from",
    "into",
    "sinceMs",
    "untilMs",
    "fromSequence",
    "toSequence",
    "shard",
    "dryRun",
  ]);
  const table = text(body, "table");
  if (table === undefined) throw wrong("table", body.table, "a table's name");
  const { from } = body;
  if (from !== "stream" && from !== "lake") throw wrong("from", from, '"stream" or "lake"');
  const time = Number.MAX_SAFE_INTEGER;
  return defined({
    table,
    from,
    into: text(body, "into"),
    sinceMs: whole(body, "sinceMs", 0, time),
    untilMs: whole(body, "untilMs", 0, time),
    fromSequence: text(body, "fromSequence"),
    toSequence: text(body, "toSequence"),
    shard: text(body, "shard"),
    dryRun: flag(body, "dryRun"),
  });
}

const ADVISE_FIELDS = ["table", "rows", "slices", "expectedRows", "statements"] as const;
const STATEMENTS_MAX = 10_000;

export function adviseBody(value: unknown): AdviseBody {
  return advised(fields(value, ADVISE_FIELDS));
}

export function shadowBody(value: unknown): ShadowBody {
  const body = fields(value, [...ADVISE_FIELDS, "keep"]);
  return defined({ ...advised(body), keep: flag(body, "keep") });
}

function advised(body: Fields): AdviseBody {
  const { statements } = body;
  const areTexts =
    statements === undefined ||
    (Array.isArray(statements) &&
      statements.length <= STATEMENTS_MAX &&
      statements.every((statement) => typeof statement === "string"));
  if (!areTexts) throw wrong("statements", statements, "a list of SQL statements, 10,000 at most");
  const table = text(body, "table");
  if (table === undefined || table === "") throw wrong("table", body.table, "a table's name");
  return defined({
    table,
    rows: whole(body, "rows", ADVISE_LIMITS.rows.min, ADVISE_LIMITS.rows.max),
    slices: whole(body, "slices", ADVISE_LIMITS.slices.min, ADVISE_LIMITS.slices.max),
    expectedRows: whole(body, "expectedRows", ADVISE_LIMITS.expectedRows.min, ADVISE_LIMITS.expectedRows.max),
    statements: statements as readonly string[] | undefined,
  });
}

/** A number in the query string. */
export function wholeParameter(name: string, given: string | undefined, min: number, max: number): number | undefined {
  if (given === undefined) return undefined;
  const value = /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN;
  if (!(value >= min && value <= max)) throw wrong(name, given, `a whole number from ${min} to ${max}`);
  return value;
}

type Fields = Readonly<Record<string, unknown>>;

function fields(value: unknown, known: readonly string[]): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new PenstockError("invalid-argument", `The body must be a JSON object with ${known.join(", ")}.`);
  }
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  if (unknown === undefined) return value as Fields;
  throw new PenstockError(
    "invalid-argument",
    `The body has an unknown field ${JSON.stringify(unknown.slice(0, 100))}.`,
    {
      hint: `Known are ${known.join(", ")}.`,
    },
  );
}

function text(body: Fields, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || typeof value === "string") return value;
  throw wrong(name, value, "a text");
}

function flag(body: Fields, name: string): boolean | undefined {
  const value = body[name];
  if (value === undefined || typeof value === "boolean") return value;
  throw wrong(name, value, "true or false");
}

function whole(body: Fields, name: string, min: number, max: number): number | undefined {
  const value = body[name];
  if (value === undefined) return undefined;
  if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
  throw wrong(name, value, `a whole number from ${min} to ${max}`);
}

function wrong(name: string, value: unknown, allowed: string): PenstockError {
  const shown = value === undefined ? "missing" : JSON.stringify(value).slice(0, 100);
  return new PenstockError("invalid-argument", `\`${name}\` is ${shown}; it must be ${allowed}.`);
}

/** Leaves out what is undefined, since the contract's optional fields are absent or a value. */
function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
