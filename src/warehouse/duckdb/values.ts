import {
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBUnionValue,
  type DuckDBValue,
} from "@duckdb/node-api";

/** What a value costs in memory and in an answer, roughly; to bound results of wide rows. */
const VALUE_BYTES = 16;

/**
 * A value as JSON can carry it without loss: numbers where they are exact, text where JavaScript's would not be (integers past 2^53,
 * DECIMAL, NaN and the infinities), ISO 8601 for times, base64 for bytes.
 */
export function jsonValue(value: DuckDBValue): unknown {
  switch (typeof value) {
    case "bigint":
      return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value.toString();
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "string":
    case "boolean":
      return value;
  }
  if (value === null || value === undefined) return null;
  if (value instanceof DuckDBTimestampTZValue) return isoTime(value.micros, "Z");
  if (value instanceof DuckDBTimestampValue) return isoTime(value.micros, "");
  if (value instanceof DuckDBDateValue) return value.toString();
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes).toString("base64");
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) return value.items.map(jsonValue);
  if (value instanceof DuckDBStructValue) {
    return Object.fromEntries(Object.entries(value.entries).map(([name, item]) => [name, jsonValue(item)]));
  }
  if (value instanceof DuckDBMapValue)
    return value.entries.map(({ key, value: item }) => ({ key: jsonValue(key), value: jsonValue(item) }));
  if (value instanceof DuckDBUnionValue) return jsonValue(value.value);
  return value.toString();
}

const INFINITE_MICROS = 2n ** 63n - 1n;

/** Microseconds since the epoch; the fraction is as long as it must be, in steps of three digits. */
function isoTime(micros: bigint, zone: "Z" | ""): string {
  if (micros === INFINITE_MICROS) return "infinity";
  if (micros === -INFINITE_MICROS) return "-infinity";
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = (micros - fraction) / 1_000_000n;
  const date = new Date(Number(seconds) * 1000);
  // Years that a Date cannot hold, or writes with a sign, are left to the engine's own text.
  if (Number.isNaN(date.getTime())) return `${micros} microseconds since 1970`;
  const digits = fraction.toString().padStart(6, "0");
  const short = fraction === 0n ? "" : digits.endsWith("000") ? `.${digits.slice(0, 3)}` : `.${digits}`;
  return `${date.toISOString().replace(/\.\d{3}Z$/, "")}${short}${zone}`;
}

export function roughBytes(value: unknown): number {
  if (typeof value === "string") return VALUE_BYTES + value.length;
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + roughBytes(item), VALUE_BYTES);
  if (value !== null && typeof value === "object") {
    return Object.values(value).reduce((sum: number, item) => sum + roughBytes(item), VALUE_BYTES);
  }
  return VALUE_BYTES;
}
