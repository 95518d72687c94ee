/** A parameter's value from the bytes that a client bound. */
import { isUtf8 } from "node:buffer";
import type { SqlValue } from "../../redshift/database.js";
import { SQL_STATE, SqlError } from "../../redshift/sql-error.js";
import { type SqlType, typeName } from "../../redshift/types.js";
import { valueOfText } from "../../redshift/value-text.js";
import { dateText, timestampText, timeText, zoneText } from "./binary-time.js";

const NUMERIC_NEGATIVE = 0x4000;
const NUMERIC_POSITIVE = 0;
/** Of 40 digits, more than any type has: a greater one would only fill memory with zeros. */
const NUMERIC_WEIGHT_MAX = 10;
const MICROS_A_DAY = 86_400_000_000n;

/** Throws SqlError where the bytes are no value of the type. */
export function decodeValue(type: SqlType, format: number, bytes: Buffer): SqlValue {
  if (format === 1) return binaryValue(type, bytes);
  const text = utf8Text(bytes);
  return type.kind === "array" ? arrayOfText(type, text) : valueOfText(type, text);
}

function binaryValue(type: SqlType, bytes: Buffer): SqlValue {
  switch (type.kind) {
    case "boolean":
      return sized(type, bytes, 1)[0] !== 0;
    case "smallint":
      return sized(type, bytes, 2).readInt16BE();
    case "integer":
      return sized(type, bytes, 4).readInt32BE();
    case "oid":
    case "regclass":
    case "regtype":
    case "regproc":
    case "xid":
      return sized(type, bytes, 4).readUInt32BE();
    case "bigint":
      return sized(type, bytes, 8).readBigInt64BE();
    case "real":
      return sized(type, bytes, 4).readFloatBE();
    case "double":
      return sized(type, bytes, 8).readDoubleBE();
    case "decimal":
      return numericText(type, bytes);
    case "date":
      return dateText(sized(type, bytes, 4).readInt32BE());
    case "timestamp":
      return timestampText(sized(type, bytes, 8).readBigInt64BE());
    case "timestamptz":
      return timestampText(sized(type, bytes, 8).readBigInt64BE(), "+00");
    case "time":
      return timeText(microsOfDay(type, sized(type, bytes, 8).readBigInt64BE()));
    case "timetz": {
      const micros = microsOfDay(type, sized(type, bytes, 12).readBigInt64BE());
      // The zone counts westwards.
      return timeText(micros) + zoneText(-bytes.readInt32BE(8));
    }
    case "interval-year-month":
      return `${sized(type, bytes, 4).readInt32BE()} mons`;
    case "interval-day-second":
      return intervalText(sized(type, bytes, 8).readBigInt64BE());
    case "varbyte":
      return bytes;
    case "array":
      return arrayValue(type.of, bytes);
    default:
      return utf8Text(bytes);
  }
}

function microsOfDay(type: SqlType, micros: bigint): number {
  if (micros < 0n || micros > MICROS_A_DAY) throw malformed(type);
  return Number(micros);
}

function intervalText(micros: bigint): string {
  const size = micros < 0n ? -micros : micros;
  const sign = micros < 0n ? "-" : "";
  return `${sign}${size / MICROS_A_DAY} days ${sign}${timeText(Number(size % MICROS_A_DAY))}`;
}

/** Throws 22021 for bytes that are no text. */
export function utf8Text(bytes: Buffer): string {
  if (isUtf8(bytes) && !bytes.includes(0)) return bytes.toString();
  throw new SqlError("22021", 'invalid byte sequence for encoding "UTF8"', {
    hint: "Texts are sent as UTF-8, without the character of code 0.",
  });
}

function sized(type: SqlType, bytes: Buffer, length: number): Buffer {
  if (bytes.length === length) return bytes;
  throw new SqlError(
    "22P03",
    `incorrect binary data format for ${typeName(type)}: ${bytes.length} bytes, not ${length}`,
  );
}

function malformed(type: SqlType): SqlError {
  return new SqlError("22P03", `incorrect binary data format for ${typeName(type)}`);
}

function numericText(type: SqlType, bytes: Buffer): string {
  if (bytes.length < 8) throw malformed(type);
  const groups = bytes.readInt16BE(0);
  const weight = bytes.readInt16BE(2);
  const sign = bytes.readUInt16BE(4);
  const scale = bytes.readInt16BE(6);
  if (sign !== NUMERIC_POSITIVE && sign !== NUMERIC_NEGATIVE) {
    throw new SqlError(SQL_STATE.invalidTextRepresentation, "numeric holds neither NaN nor infinity in Redshift");
  }
  if (groups < 0 || scale < 0 || weight > NUMERIC_WEIGHT_MAX || bytes.length !== 8 + groups * 2) throw malformed(type);
  const group = (index: number) =>
    index >= 0 && index < groups ? String(bytes.readInt16BE(8 + index * 2)).padStart(4, "0") : "0000";
  let whole = "";
  for (let index = 0; index <= weight; index++) whole += group(index);
  let fraction = "";
  for (let index = weight + 1; fraction.length < scale; index++) fraction += group(index);
  const digits = (whole.replace(/^0+/, "") || "0") + (scale > 0 ? `.${fraction.slice(0, scale)}` : "");
  return sign === NUMERIC_NEGATIVE ? `-${digits}` : digits;
}

function arrayValue(of: SqlType, bytes: Buffer): SqlValue {
  if (bytes.length < 12) throw malformed({ kind: "array", of });
  const dimensions = bytes.readInt32BE(0);
  if (dimensions === 0) return [];
  if (dimensions !== 1 || bytes.length < 20) throw malformed({ kind: "array", of });
  const items: SqlValue[] = [];
  let at = 20;
  for (let count = bytes.readInt32BE(12); count > 0; count--) {
    if (at + 4 > bytes.length) throw malformed({ kind: "array", of });
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length < 0) {
      items.push(null);
      continue;
    }
    if (at + length > bytes.length) throw malformed({ kind: "array", of });
    items.push(binaryValue(of, bytes.subarray(at, at + length)));
    at += length;
  }
  return items;
}

/** `{1,2,NULL}`, `{"a b","c\\"d"}`: of one dimension, as the catalog's are. */
function arrayOfText(type: Extract<SqlType, { kind: "array" }>, text: string): SqlValue {
  const inside = /^\s*\{(.*)\}\s*$/s.exec(text)?.[1];
  const wrong = () =>
    new SqlError(SQL_STATE.invalidTextRepresentation, `malformed array literal: "${text}"`, {
      hint: "Write it as {1,2,3}.",
    });
  if (inside === undefined) throw wrong();
  if (inside.trim() === "") return [];
  const items: SqlValue[] = [];
  const item = /\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"{}\\](?:[^,"{}\\]*[^\s,"{}\\])?))\s*(,|$)/sy;
  for (let more = true; more; ) {
    const [, quoted, plain, end] = item.exec(inside) ?? [];
    if (quoted === undefined && plain === undefined) throw wrong();
    if (quoted !== undefined) items.push(valueOfText(type.of, quoted.replace(/\\(.)/gs, "$1")));
    else items.push(plain?.toLowerCase() === "null" ? null : valueOfText(type.of, plain ?? ""));
    more = end === ",";
  }
  return items;
}
