/** A parameter's value from the bytes that a client bound. */
import type { SqlValue } from "../../redshift/database.js";
import { SQL_STATE, SqlError } from "../../redshift/sql-error.js";
import { type SqlType, typeName } from "../../redshift/types.js";
import { valueOfText } from "../../redshift/value-text.js";

const EPOCH_MS = Date.UTC(2000, 0, 1);
const DAY_MS = 86_400_000;

/** Throws SqlError where the bytes are no value of the type. */
export function decodeValue(type: SqlType, format: number, bytes: Buffer): SqlValue {
  return format === 1 ? binaryValue(type, bytes) : valueOfText(type, bytes.toString());
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
      return dateText(EPOCH_MS + sized(type, bytes, 4).readInt32BE() * DAY_MS);
    case "timestamp":
      return timestampText(sized(type, bytes, 8).readBigInt64BE());
    case "timestamptz":
      return `${timestampText(sized(type, bytes, 8).readBigInt64BE())}+00`;
    case "time":
      return timeText(sized(type, bytes, 8).readBigInt64BE());
    case "varbyte":
      return bytes;
    case "array":
      return arrayValue(type.of, bytes);
    default:
      return bytes.toString();
  }
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
  if (sign === 0xc000)
    throw new SqlError(SQL_STATE.invalidTextRepresentation, "NaN is no value of numeric in Redshift");
  if (groups < 0 || bytes.length !== 8 + groups * 2) throw malformed(type);
  const group = (index: number) =>
    index >= 0 && index < groups ? String(bytes.readInt16BE(8 + index * 2)).padStart(4, "0") : "0000";
  let whole = "";
  for (let index = 0; index <= weight; index++) whole += group(index);
  let fraction = "";
  for (let index = weight + 1; fraction.length < scale; index++) fraction += group(index);
  const digits = (whole.replace(/^0+/, "") || "0") + (scale > 0 ? `.${fraction.slice(0, scale)}` : "");
  return sign === 0x4000 ? `-${digits}` : digits;
}

function dateText(ms: number): string {
  return new Date(ms).toISOString().replace(/T.*$/, "").replace(/^\+0*/, "");
}

function timestampText(micros: bigint): string {
  if (micros === 2n ** 63n - 1n) return "infinity";
  if (micros === -(2n ** 63n)) return "-infinity";
  const dayMicros = BigInt(DAY_MS) * 1000n;
  const inDay = ((micros % dayMicros) + dayMicros) % dayMicros;
  return `${dateText(EPOCH_MS + Number((micros - inDay) / 1000n))} ${timeText(inDay)}`;
}

function timeText(micros: bigint): string {
  const seconds = Number(micros / 1_000_000n);
  const fraction = String(micros % 1_000_000n)
    .padStart(6, "0")
    .replace(/0+$/, "");
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  return `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}${fraction === "" ? "" : `.${fraction}`}`;
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
