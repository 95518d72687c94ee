/** Values as the wire carries them, in text and in binary. Formats: PostgreSQL's, "Frontend/Backend Protocol" and the types' send functions. */
import type { SqlValue } from "../../redshift/database.js";
import { type SqlType, typeOid } from "../../redshift/types.js";
import { dateDays, intervalParts, timeMicros, timestampMicros, zoneSeconds } from "./binary-time.js";
import { doubleText, realText } from "./float-text.js";
import type { MessageWriter } from "./message-writer.js";

/** Writes a value that is not NULL, with its length before it. */
export type ValueEncoder = (writer: MessageWriter, value: Exclude<SqlValue, null>) => void;

/** `format`: 0 for text, 1 for binary. Chosen once for a column, used for each row. */
export function valueEncoder(type: SqlType, format: number): ValueEncoder {
  return format === 1 ? binaryEncoder(type) : textEncoder(type);
}

const TRUE = "t";
const FALSE = "f";

function textEncoder(type: SqlType): ValueEncoder {
  switch (type.kind) {
    case "smallint":
    case "integer":
    case "oid":
    case "xid":
      return (writer, value) =>
        typeof value === "number" ? writer.sizedInteger(value) : writer.sized(valueText(type, value));
    case "bigint":
      return (writer, value) => {
        const number = Number(value);
        if (Number.isSafeInteger(number)) writer.sizedInteger(number);
        else writer.sized(String(value));
      };
    case "boolean":
      return (writer, value) => writer.sized(value === true ? TRUE : FALSE);
    case "double":
      return (writer, value) => {
        const number = value as number;
        // Half of what columns of doubles hold are whole numbers.
        if (Number.isSafeInteger(number) && number !== 0 && number < 1e15 && number > -1e15)
          writer.sizedInteger(number);
        else writer.sized(doubleText(Number(value)));
      };
    default:
      return (writer, value) => writer.sized(typeof value === "string" ? value : valueText(type, value));
  }
}

/** A value as text, outside of a message. */
function valueText(type: SqlType, value: Exclude<SqlValue, null>): string {
  switch (typeof value) {
    case "string":
      return value;
    case "boolean":
      return value ? TRUE : FALSE;
    case "number":
      return type.kind === "real" ? realText(value) : type.kind === "double" ? doubleText(value) : String(value);
    case "bigint":
      return String(value);
  }
  if (value instanceof Uint8Array) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex");
  }
  if (type.kind === "array" && type.vector === true) return value.join(" ");
  return arrayText(type.kind === "array" ? type.of : type, value);
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
      return (writer, value) => {
        if (typeof value === "number") writer.int32(4).int32(value | 0);
        else writer.sized(String(value));
      };
    case "bigint":
      return (writer, value) => {
        const number = Number(value);
        writer.int32(8);
        if (Number.isSafeInteger(number)) writer.int64OfNumber(number);
        else writer.int64(BigInt(value as bigint));
      };
    case "real":
      return (writer, value) => writer.int32(4).float32(Number(value));
    case "double":
      return (writer, value) => writer.int32(8).float64(Number(value));
    case "decimal":
      return (writer, value) => writeNumeric(writer, String(value));
    case "date":
      return (writer, value) => writer.int32(4).int32(dateDays(String(value)));
    case "timestamp":
    case "timestamptz":
      return (writer, value) => {
        const micros = timestampMicros(String(value));
        writer.int32(8);
        if (typeof micros === "number") writer.int64OfNumber(micros);
        else writer.int64(micros);
      };
    case "time":
      return (writer, value) => writer.int32(8).int64OfNumber(timeMicros(String(value)));
    case "timetz":
      return (writer, value) => {
        const text = String(value);
        // The zone counts westwards.
        writer.int32(12).int64OfNumber(timeMicros(text)).int32(-zoneSeconds(text));
      };
    case "interval-year-month":
      return (writer, value) => writer.int32(4).int32(intervalParts(String(value)).months);
    case "interval-day-second":
      return (writer, value) => writer.int32(8).int64(intervalParts(String(value)).micros);
    case "varbyte":
      return (writer, value) => writer.int32((value as Uint8Array).length).bytes(value as Uint8Array);
    case "array":
      return arrayEncoder(type.of);
    default:
      return (writer, value) => writer.sized(valueText(type, value));
  }
}

function arrayEncoder(of: SqlType): ValueEncoder {
  const encode = binaryEncoder(of);
  return (writer, value) => {
    const items = value as readonly SqlValue[];
    const place = writer.reserveLength();
    // Dimensions (none where it is empty), whether there are NULLs, the items' type, then length and lower bound of the dimension.
    writer
      .int32(items.length === 0 ? 0 : 1)
      .int32(items.includes(null) ? 1 : 0)
      .int32(typeOid(of));
    if (items.length > 0) writer.int32(items.length).int32(1);
    for (const item of items) {
      if (item === null) writer.int32(-1);
      else encode(writer, item);
    }
    writer.fillLength(place);
  };
}

const NUMERIC_NEGATIVE = 0x4000;
const NUMERIC_NAN = 0xc000;

/** Digits in groups of four: how many groups, the first one's weight, the sign, the digits behind the point, the groups. */
function writeNumeric(writer: MessageWriter, text: string): void {
  if (text === "NaN") {
    writer.int32(8).int16(0).int16(0).int16(NUMERIC_NAN).int16(0);
    return;
  }
  const from = text.charCodeAt(0) === 45 ? 1 : 0;
  const dot = text.indexOf(".");
  const point = dot === -1 ? text.length : dot;
  const scale = dot === -1 ? 0 : text.length - dot - 1;
  const groups: number[] = [];
  let weight = Math.ceil((point - from) / 4) - 1;
  for (let end = point - weight * 4; end <= point; end += 4) groups.push(digitsIn(text, Math.max(from, end - 4), end));
  for (let at = point + 1; at < text.length; at += 4) {
    const end = Math.min(at + 4, text.length);
    groups.push(digitsIn(text, at, end) * 10 ** (at + 4 - end));
  }
  let first = 0;
  while (first < groups.length && groups[first] === 0) {
    first++;
    weight--;
  }
  let last = groups.length;
  while (last > first && groups[last - 1] === 0) last--;
  const count = last - first;
  writer
    .int32(8 + count * 2)
    .int16(count)
    .int16(count === 0 ? 0 : weight)
    .int16(from === 1 && count > 0 ? NUMERIC_NEGATIVE : 0)
    .int16(scale);
  for (let index = first; index < last; index++) writer.int16(groups[index]!);
}

function digitsIn(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) value = value * 10 + text.charCodeAt(at) - 48;
  return value;
}
