/** Where a flush's objects go: the prefix of the definition, evaluated, and a name that comes from what the object holds. */
import { createHash } from "node:crypto";
import type { TableModel } from "../definition/model.js";
import type { FlushDecision, LakeObjectKind, SequenceRange } from "./flush.js";
import { fileEnding } from "./lake-files.js";

/** A folder's name may have 255 bytes, and a key 1,024; the rest is for what stands around the values. */
const VALUE_BYTES_MAX = 180;
const VALUES_BYTES_MAX = 400;

/** Firehose's word for records that could not be brought into the table's form. */
const ERROR_OUTPUT_TYPE = "format-conversion-failed";

/**
 * The object's key. It names the table, the flush, the schema version and, as a digest, the ranges; the time in it is that of the decision:
 * carried out again, a flush arrives at the same keys.
 */
export function objectKey(
  table: TableModel,
  decision: FlushDecision,
  kind: LakeObjectKind,
  partition: Readonly<Record<string, string>> = {},
): string {
  const flush = String(decision.flush).padStart(9, "0");
  const name = `${table.name}-${flush}-v${decision.schemaVersion}-${rangesDigest(decision.ranges)}`;
  if (kind === "filtered") return `filtered/${table.name}/${name}.parquet`;
  if (kind === "dead") return `${evaluatePrefix(table.deliver.errorPrefix, decision.decidedAtMs, {})}${name}.json`;
  const ending = fileEnding(table.deliver);
  const values = Object.values(partition);
  // Where a filesystem does not tell A from a, two partitions share a folder: their objects must not share a name.
  const own = values.length === 0 ? "" : `-${digestOf(JSON.stringify(values), 8)}`;
  return `${evaluatePrefix(table.deliver.prefix, decision.decidedAtMs, partition)}${name}${own}${ending}`;
}

export interface ObjectName {
  readonly flush: number;
  readonly schemaVersion: number;
  /** Of the flush's ranges. */
  readonly digest: string;
  readonly kind: LakeObjectKind;
}

/** What the key of one of the table's objects says; undefined for any other key. */
export function parseObjectKey(table: TableModel, key: string): ObjectName | undefined {
  const name = key.slice(key.lastIndexOf("/") + 1);
  if (!name.startsWith(`${table.name}-`)) return undefined;
  const parts = /^(\d{9,})-v(\d+)-([0-9a-f]{12})(?:-[0-9a-f]{8})?(\.[a-z.]+)$/.exec(name.slice(table.name.length + 1));
  if (parts === null || /^(?:replay|redrive)\//.test(key)) return undefined;
  const [, flush, version, digest, ending] = parts as unknown as [string, string, string, string, string];
  const named = { flush: Number(flush), schemaVersion: Number(version), digest };
  if (key === `filtered/${table.name}/${name}`) return { ...named, kind: "filtered" };
  const dead = ending === ".json" && (fileEnding(table.deliver) !== ".json" || isUnder(table.deliver.errorPrefix, key));
  return { ...named, kind: dead ? "dead" : "rows" };
}

/** Whether the key's folder may be of this prefix, whenever it was evaluated. */
function isUnder(prefix: string, key: string): boolean {
  const pattern = prefix
    .split(/(!\{\w+:[^}]*\})/)
    .map((part) => {
      if (part.startsWith("!{firehose:")) return ERROR_OUTPUT_TYPE;
      return part.startsWith("!{") ? ".+?" : part.replaceAll(/[^\w/]/g, "\\$&");
    })
    .join("");
  return new RegExp(`^${pattern}[^/]*$`).test(key);
}

function digestOf(text: string, digits: number): string {
  return createHash("sha256").update(text).digest("hex").slice(0, digits);
}

export function rangesDigest(ranges: readonly SequenceRange[]): string {
  const text = ranges.map(({ stream, shard, from, to }) => `${stream}/${shard}/${from}-${to}`).join(" ");
  return digestOf(text, 12);
}

/** Firehose's `!{namespace:expression}`, evaluated in UTC. The definition has been checked, so that every expression is known. */
export function evaluatePrefix(prefix: string, atMs: number, partition: Readonly<Record<string, string>>): string {
  const valueBytesMax = Math.min(VALUE_BYTES_MAX, Math.floor(VALUES_BYTES_MAX / Object.keys(partition).length));
  return prefix.replaceAll(/!\{(\w+):([^}]*)\}/g, (_, space: string, rest: string) => {
    if (space === "timestamp") return formatTime(rest, new Date(atMs));
    if (space === "partitionKeyFromQuery") return segmentOf(partition[rest] ?? "", valueBytesMax);
    return ERROR_OUTPUT_TYPE;
  });
}

function formatTime(pattern: string, at: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const fields: Readonly<Record<string, string>> = {
    yyyy: String(at.getUTCFullYear()).padStart(4, "0"),
    MM: two(at.getUTCMonth() + 1),
    dd: two(at.getUTCDate()),
    HH: two(at.getUTCHours()),
    mm: two(at.getUTCMinutes()),
    ss: two(at.getUTCSeconds()),
  };
  return pattern.replaceAll(/'([^']+)'|yyyy|MM|dd|HH|mm|ss/g, (field, quoted?: string) => quoted ?? fields[field]!);
}

/**
 * A partition's value comes from a record: it may hold anything, and stays one part of the key, as Hive writes it (`=` as well: what stands before
 * the first one in a folder's name is the partition's). One that is too long for
 * a name is cut, and ends in a digest of the whole.
 */
function segmentOf(value: string, bytesMax: number): string {
  if (/^\.{1,2}$/.test(value)) return value.replaceAll(".", "%2E");
  const encoded = value.replaceAll(/[^\w\-.+ ]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
  return encoded.length <= bytesMax ? encoded : `${encoded.slice(0, bytesMax - 17)}~${digestOf(value, 16)}`;
}
