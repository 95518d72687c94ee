/** What a constant expression of a logged statement came to, as a value of the column that it was compared with: as far as it needs no data. */
import type { Call, Expression, Interval } from "../redshift/syntax/ast.js";
import type { SqlType } from "../redshift/types.js";
import type { SampleValue } from "./sample.js";

type Constant =
  | { readonly kind: "null" }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "number"; readonly text: string }
  | { readonly kind: "text"; readonly text: string }
  /** Microseconds since 1970; `day` where it came from a DATE, to which whole numbers may be added. */
  | { readonly kind: "time"; readonly micros: bigint; readonly day: boolean }
  | { readonly kind: "interval"; readonly micros: bigint; readonly months: number };

const SECOND = 1_000_000n;
const DAY = 86_400n * SECOND;

/** Undefined where it is no constant, or none that is understood here. `nowMs`: when the statement ran. */
export function constantValue(expression: Expression, type: SqlType, nowMs: number): SampleValue | undefined {
  const constant = constantOf(expression, nowMs);
  return constant === undefined ? undefined : valueAs(constant, type);
}

function constantOf(expression: Expression, nowMs: number): Constant | undefined {
  switch (expression.kind) {
    case "literal": {
      const { value } = expression;
      if (value.type === "null") return { kind: "null" };
      if (value.type === "boolean") return { kind: "boolean", value: value.value };
      return value.type === "number" ? { kind: "number", text: value.text } : { kind: "text", text: value.text };
    }
    case "unary": {
      const operand = constantOf(expression.operand, nowMs);
      if (operand?.kind !== "number") return undefined;
      if (expression.operator === "+") return operand;
      if (expression.operator !== "-") return undefined;
      return { kind: "number", text: operand.text.startsWith("-") ? operand.text.slice(1) : `-${operand.text}` };
    }
    case "cast": {
      const operand = constantOf(expression.operand, nowMs);
      if (operand === undefined) return undefined;
      if (!/^(date|timestamp)/.test(expression.type.name)) return operand;
      const time = operand.kind === "text" ? timeOfText(operand.text) : operand;
      if (time?.kind !== "time") return undefined;
      return expression.type.name === "date" ? startOfDay(time.micros) : time;
    }
    case "interval":
      return intervalOf(expression);
    case "at-time-zone":
      return constantOf(expression.operand, nowMs);
    case "call":
      return callOf(expression, nowMs);
    case "binary": {
      const left = constantOf(expression.left, nowMs);
      const right = constantOf(expression.right, nowMs);
      return left === undefined || right === undefined ? undefined : combined(expression.operator, left, right);
    }
    default:
      return undefined;
  }
}

function callOf(call: Call, nowMs: number): Constant | undefined {
  const name = call.name.parts.at(-1) ?? "";
  const now = BigInt(Math.floor(nowMs)) * 1000n;
  // A part of a date may stand bare, as a name: DATEADD(day, 1, x).
  const args = call.args.map((one, index): Constant | undefined =>
    index === 0 && one.kind === "column" && one.parts.length === 1
      ? { kind: "text", text: one.parts[0] ?? "" }
      : constantOf(one, nowMs),
  );
  switch (name) {
    case "getdate":
    case "sysdate":
    case "now":
    case "current_timestamp":
    case "localtimestamp":
      return { kind: "time", micros: now, day: false };
    case "current_date":
      return startOfDay(now);
    case "dateadd":
    case "date_add": {
      const [part, amount, from] = args;
      const time = from?.kind === "text" ? timeOfText(from.text) : from;
      if (part?.kind !== "text" || amount?.kind !== "number" || time?.kind !== "time") return undefined;
      const interval = intervalUnits(Number(amount.text), part.text);
      return interval === undefined ? undefined : combined("+", time, interval);
    }
    case "date_trunc": {
      const [part, from] = args;
      const time = from?.kind === "text" ? timeOfText(from.text) : from;
      return part?.kind === "text" && time?.kind === "time" ? truncated(part.text, time.micros) : undefined;
    }
    case "to_date":
    case "to_timestamp":
      return args[0]?.kind === "text" ? timeOfText(args[0].text) : undefined;
    case "trunc":
      return args.length === 1 && args[0]?.kind === "time" ? startOfDay(args[0].micros) : undefined;
    default:
      return undefined;
  }
}

function combined(operator: string, left: Constant, right: Constant): Constant | undefined {
  if (left.kind === "number" && right.kind === "number") {
    const [a, b] = [Number(left.text), Number(right.text)];
    const result = { "+": a + b, "-": a - b, "*": a * b, "/": a / b }[operator];
    return result === undefined || !Number.isFinite(result) ? undefined : { kind: "number", text: String(result) };
  }
  if (left.kind !== "time" || (operator !== "+" && operator !== "-")) return undefined;
  const sign = operator === "+" ? 1n : -1n;
  if (right.kind === "number" && left.day) {
    return { kind: "time", micros: left.micros + sign * BigInt(Math.trunc(Number(right.text))) * DAY, day: true };
  }
  if (right.kind !== "interval") return undefined;
  const moved = addMonths(left.micros, Number(sign) * right.months);
  return { kind: "time", micros: moved + sign * right.micros, day: false };
}

function startOfDay(micros: bigint): Constant {
  const into = ((micros % DAY) + DAY) % DAY;
  return { kind: "time", micros: micros - into, day: true };
}

function truncated(part: string, micros: bigint): Constant | undefined {
  const date = new Date(Number(micros / 1000n));
  const at = (...parts: [number, number, number?, number?, number?, number?]): Constant => {
    return { kind: "time", micros: BigInt(Date.UTC(...parts)) * 1000n, day: false };
  };
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  switch (part.toLowerCase()) {
    case "year":
      return at(year, 0);
    case "quarter":
      return at(year, month - (month % 3));
    case "month":
      return at(year, month);
    case "week":
      return at(year, month, day - ((date.getUTCDay() + 6) % 7));
    case "day":
      return at(year, month, day);
    case "hour":
      return at(year, month, day, date.getUTCHours());
    case "minute":
      return at(year, month, day, date.getUTCHours(), date.getUTCMinutes());
    case "second":
      return at(year, month, day, date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds());
    default:
      return undefined;
  }
}

function addMonths(micros: bigint, months: number): bigint {
  if (months === 0) return micros;
  const date = new Date(Number(micros / 1000n));
  date.setUTCMonth(date.getUTCMonth() + months);
  return BigInt(date.getTime()) * 1000n + (((micros % 1000n) + 1000n) % 1000n);
}

function intervalOf({ text, qualifier }: Interval): Constant | undefined {
  if (qualifier !== undefined && /^-?\d+(\.\d+)?$/.test(text.trim()))
    return intervalUnits(Number(text), qualifier.split(" ").at(-1) ?? "");
  let micros = 0n;
  let months = 0;
  const parts = [...text.matchAll(/(-?\d+(?:\.\d+)?)\s*([a-z]+)/gi)];
  if (parts.length === 0) return undefined;
  for (const [, amount, unit] of parts) {
    const one = intervalUnits(Number(amount), unit ?? "");
    if (one?.kind !== "interval") return undefined;
    micros += one.micros;
    months += one.months;
  }
  return { kind: "interval", micros, months };
}

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  s: 1,
  sec: 1,
  second: 1,
  m: 60,
  min: 60,
  mins: 60,
  minute: 60,
  h: 3600,
  hr: 3600,
  hrs: 3600,
  hour: 3600,
  d: 86_400,
  day: 86_400,
  w: 604_800,
  week: 604_800,
  millisecond: 0.001,
  ms: 0.001,
};
const UNIT_MONTHS: Readonly<Record<string, number>> = { mon: 1, month: 1, quarter: 3, qtr: 3, y: 12, yr: 12, year: 12 };

function intervalUnits(amount: number, unit: string): Constant | undefined {
  const name = unit.toLowerCase();
  const singular = name.replace(/s$/, "");
  const seconds = UNIT_SECONDS[name] ?? UNIT_SECONDS[singular];
  if (seconds !== undefined) return { kind: "interval", micros: BigInt(Math.round(amount * seconds * 1e6)), months: 0 };
  const months = UNIT_MONTHS[name] ?? UNIT_MONTHS[singular];
  return months === undefined ? undefined : { kind: "interval", micros: 0n, months: Math.round(amount * months) };
}

const TIME_TEXT =
  /^\s*(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T](\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?\s*(Z|UTC|[+-]\d\d(?::?\d\d)?)?\s*$/i;

function timeOfText(text: string): Extract<Constant, { kind: "time" }> | undefined {
  const match = TIME_TEXT.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = "", zone = "Z"] = match;
  const ms = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour ?? 0),
    Number(minute ?? 0),
    Number(second ?? 0),
  );
  const [, sign, hours = "0", minutes = "0"] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? [];
  const offset = sign === undefined ? 0 : (Number(hours) * 60 + Number(minutes)) * (sign === "-" ? -1 : 1);
  const micros = BigInt(ms - offset * 60_000) * 1000n + BigInt(fraction.padEnd(6, "0"));
  return { kind: "time", micros, day: hour === undefined };
}

function valueAs(constant: Constant, type: SqlType): SampleValue | undefined {
  if (constant.kind === "null") return null;
  switch (type.kind) {
    case "smallint":
    case "integer":
    case "bigint":
    case "oid":
      return scaled(constant, 0);
    case "decimal":
      return scaled(constant, type.scale);
    case "real":
    case "double":
      return constant.kind === "number" || constant.kind === "text" ? Number(constant.text) : undefined;
    case "date":
    case "timestamp":
    case "timestamptz": {
      const time = constant.kind === "text" ? timeOfText(constant.text) : constant;
      if (time?.kind !== "time") return undefined;
      if (type.kind !== "date") return time.micros;
      const start = startOfDay(time.micros);
      return start.kind === "time" ? start.micros / DAY : undefined;
    }
    case "boolean":
      if (constant.kind === "boolean") return constant.value;
      return constant.kind === "text" ? /^(t|true|y|yes|1)$/i.test(constant.text) : undefined;
    case "char":
    case "varchar":
    case "text":
      return constant.kind === "text" || constant.kind === "number" ? constant.text : undefined;
    default:
      return undefined;
  }
}

/** A number without its point, of that many digits behind it. */
function scaled(constant: Constant, scale: number): bigint | undefined {
  if (constant.kind !== "number" && constant.kind !== "text") return undefined;
  const match = /^\s*(-?)(\d*)(?:\.(\d*))?\s*$/.exec(constant.text);
  if (match === null || (match[2] === "" && !match[3])) {
    const value = Number(constant.text);
    return Number.isFinite(value) && constant.text.trim() !== "" ? BigInt(Math.floor(value * 10 ** scale)) : undefined;
  }
  const [, sign, whole = "", fraction = ""] = match;
  const digits = BigInt(`${whole || "0"}${fraction.slice(0, scale).padEnd(scale, "0")}`);
  return sign === "-" ? -digits : digits;
}
