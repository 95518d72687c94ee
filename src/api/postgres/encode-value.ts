/** Values as the wire carries them, in text and in binary. Formats: PostgreSQL's, "Frontend/Backend Protocol" and the types' send functions. */
import type { SqlValue } from "../../redshift/database.js";
import { type SqlType, typeOid } from "../../redshift/types.js";
import type { MessageWriter } from "./message-writer.js";

/** Writes a value with its length before it; -1 for NULL. */
export type ValueEncoder = (writer: MessageWriter, value: SqlValue) => void;

/** `format`: 0 for text, 1 for binary. Chosen once for a column, used for each row. */
export function valueEncoder(type: SqlType, format: number): ValueEncoder {
  const encode = format === 1 ? binaryEncoder(type) : textEncoder(type);
  return (writer, value) => {
    if (value === null) writer.int32(-1);
    else encode(writer, value);
  };
}

function textEncoder(type: SqlType): ValueEncoder {
  switch (type.kind) {
    case "boolean":
      return (writer, value) => writer.sized(value === true ? "t" : "f");
    case "real":
    case "double": {
      const { kind } = type;
      return (writer, value) => writer.sized(floatText(Number(value), kind === "real" ? "real" : "double"));
    }
    case "varbyte":
      return (writer, value) => writer.sized(Buffer.from(value as Uint8Array).toString("hex"));
    case "array":
      return (writer, value) => writer.sized(arrayText(type.of, value as readonly SqlValue[]));
    default:
      return (writer, value) => writer.sized(typeof value === "string" ? value : String(value));
  }
}

/** A value as text, outside of a message: for arrays, and for COPY TO STDOUT. */
export function valueText(type: SqlType, value: Exclude<SqlValue, null>): string {
  if (typeof value === "boolean") return value ? "t" : "f";
  if (typeof value === "number" && (type.kind === "real" || type.kind === "double")) {
    return floatText(value, type.kind === "real" ? "real" : "double");
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return arrayText(type.kind === "array" ? type.of : type, value);
  return String(value);
}

/** The shortest text that reads back as the same number, with two digits of exponent at least. */
function floatText(value: number, kind: "real" | "double"): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  const text = kind === "real" ? shortestReal(value) : String(value);
  return text.replace(/e([+-])(\d)$/, "e$10$2");
}

function shortestReal(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return String(rounded);
  }
  return String(Number(value.toPrecision(9)));
}

function arrayText(of: SqlType, values: readonly SqlValue[]): string {
  const items = values.map((value) => {
    if (value === null) return "NULL";
    const text = valueText(of, value);
    return text === "" || /[{}",\\\s]/.test(text) || /^null$/i.test(text)
      ? `"${text.replace(/["\\]/g, "\\$&")}"`
      : text;
  });
  return `{${items.join(",")}}`;
}

/** PostgreSQL counts days and microseconds from 2000-01-01. */
const EPOCH_MS = Date.UTC(2000, 0, 1);
const DAY_MS = 86_400_000;

function binaryEncoder(type: SqlType): ValueEncoder {
  switch (type.kind) {
    case "boolean":
      return (writer, value) => writer.int32(1).byte(value === true ? 1 : 0);
    case "smallint":
      return (writer, value) => writer.int32(2).int16(Number(value));
    case "integer":
      return (writer, value) => writer.int32(4).int32(Number(value));
    case "oid":
    case "xid":
    case "regclass":
    case "regtype":
    case "regproc":
      // Numbers without a sign; a name (regclass as text) is sent as text.
      return (writer, value) =>
        typeof value === "number" ? writer.int32(4).int32(value | 0) : writer.sized(String(value));
    case "bigint":
      return (writer, value) => writer.bytes(int64(8, BigInt(value as bigint)));
    case "real": {
      return (writer, value) => {
        const bytes = Buffer.allocUnsafe(8);
        bytes.writeInt32BE(4);
        bytes.writeFloatBE(Number(value), 4);
        writer.bytes(bytes);
      };
    }
    case "double":
      return (writer, value) => {
        const bytes = Buffer.allocUnsafe(12);
        bytes.writeInt32BE(8);
        bytes.writeDoubleBE(Number(value), 4);
        writer.bytes(bytes);
      };
    case "decimal":
      return (writer, value) => {
        const bytes = numericBytes(String(value));
        writer.int32(bytes.length).bytes(bytes);
      };
    case "date":
      return (writer, value) => writer.int32(4).int32(Math.round((dayMs(String(value)) - EPOCH_MS) / DAY_MS));
    case "timestamp":
    case "timestamptz":
      return (writer, value) => writer.bytes(int64(8, timestampMicros(String(value))));
    case "time":
      return (writer, value) => writer.bytes(int64(8, timeMicros(String(value))));
    case "timetz":
      return (writer, value) => {
        const { time, offsetSeconds } = zoned(String(value));
        const bytes = Buffer.allocUnsafe(16);
        bytes.writeInt32BE(12);
        bytes.writeBigInt64BE(timeMicros(time), 4);
        bytes.writeInt32BE(-offsetSeconds, 12);
        writer.bytes(bytes);
      };
    case "varbyte":
      return (writer, value) => writer.int32((value as Uint8Array).length).bytes(value as Uint8Array);
    case "array":
      return arrayEncoder(type.of);
    default:
      return (writer, value) => writer.sized(String(value));
  }
}

/** With its length before it. */
function int64(length: number, value: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(12);
  bytes.writeInt32BE(length);
  bytes.writeBigInt64BE(value, 4);
  return bytes;
}

function arrayEncoder(of: SqlType): ValueEncoder {
  const encode = valueEncoder(of, 1);
  return (writer, value) => {
    const items = value as readonly SqlValue[];
    const place = writer.reserveLength();
    // Dimensions (none where it is empty), whether there are NULLs, the items' type, then length and lower bound of the dimension.
    writer
      .int32(items.length === 0 ? 0 : 1)
      .int32(items.includes(null) ? 1 : 0)
      .int32(typeOid(of));
    if (items.length > 0) writer.int32(items.length).int32(1);
    for (const item of items) encode(writer, item);
    writer.fillLength(place);
  };
}

/** Digits in groups of four: how many, the first one's weight, the sign, the digits behind the point, the groups. */
function numericBytes(text: string): Buffer {
  if (text === "NaN") return Buffer.from([0, 0, 0, 0, 0xc0, 0, 0, 0]);
  const negative = text.startsWith("-");
  const [whole = "0", fraction = ""] = (negative ? text.slice(1) : text).split(".");
  const left = whole.padStart(Math.ceil(whole.length / 4) * 4, "0");
  const right = fraction.padEnd(Math.ceil(fraction.length / 4) * 4, "0");
  const digits = left + right;
  const groups: number[] = [];
  for (let at = 0; at < digits.length; at += 4) groups.push(Number(digits.slice(at, at + 4)));
  let weight = left.length / 4 - 1;
  while (groups.length > 0 && groups[0] === 0) {
    groups.shift();
    weight--;
  }
  while (groups.length > 0 && groups.at(-1) === 0) groups.pop();
  if (groups.length === 0) weight = 0;
  const bytes = Buffer.alloc(8 + groups.length * 2);
  bytes.writeInt16BE(groups.length, 0);
  bytes.writeInt16BE(weight, 2);
  bytes.writeUInt16BE(negative && groups.length > 0 ? 0x4000 : 0, 4);
  bytes.writeInt16BE(fraction.length, 6);
  groups.forEach((group, index) => {
    bytes.writeInt16BE(group, 8 + index * 2);
  });
  return bytes;
}

function dayMs(text: string): number {
  const match = /^(\d+)-(\d\d)-(\d\d)( BC)?/.exec(text);
  if (match === null) return Number.NaN;
  const year = match[4] === undefined ? Number(match[1]) : 1 - Number(match[1]);
  // Years below 100 would be taken for those of the last century.
  const date = new Date(0);
  date.setUTCFullYear(year, Number(match[2]) - 1, Number(match[3]));
  return date.getTime();
}

const INFINITY_MICROS = 2n ** 63n - 1n;

function timestampMicros(text: string): bigint {
  if (text === "infinity") return INFINITY_MICROS;
  if (text === "-infinity") return -INFINITY_MICROS - 1n;
  const space = text.indexOf(" ");
  const { time, offsetSeconds } = zoned(text.slice(space + 1));
  const days = BigInt(dayMs(text) - EPOCH_MS) * 1000n;
  return days + timeMicros(time) - BigInt(offsetSeconds) * 1_000_000n;
}

/** `10:00:00.5+02:30` into its time and its offset. */
function zoned(text: string): { readonly time: string; readonly offsetSeconds: number } {
  const match = /^([\d:.]+)(?:([+-])(\d\d)(?::?(\d\d))?(?::?(\d\d))?)?/.exec(text);
  if (match === null) return { time: "00:00:00", offsetSeconds: 0 };
  const [, time = "", sign, hours = "0", minutes = "0", seconds = "0"] = match;
  const offset = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return { time, offsetSeconds: sign === "-" ? -offset : offset };
}

function timeMicros(text: string): bigint {
  const [clock = "", fraction = ""] = text.split(".");
  const [hours = 0, minutes = 0, seconds = 0] = clock.split(":").map(Number);
  return (
    BigInt(hours * 3600 + minutes * 60 + seconds) * 1_000_000n + BigInt(fraction.padEnd(6, "0").slice(0, 6) || "0")
  );
}
