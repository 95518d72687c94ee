import { BUFFER_MIB_MAX, BUFFER_MIB_MIN, BUFFER_SECONDS_MAX, MIB } from "../core/limits.js";
import { draftOf, PARTITION } from "./brand.js";
import type { ColumnModel, DeliverModel, PartitionModel } from "./model.js";
import type { PartitionDraft } from "./partition.js";
import { meant, type Problems, readOptions, readWhole, readWord, show } from "./problems.js";
import { typeText } from "./types.js";

const BUFFER_MIB_DEFAULT = 64;
const BUFFER_SECONDS_DEFAULT = 60;
/** S3 takes keys of 1,024 bytes; the rest is for what the expressions become and for the object's name. */
const PREFIX_BYTES_MAX = 512;
const OPTIONS = ["bufferMiB", "bufferSeconds", "format", "compression", "prefix", "errorPrefix", "partitionBy"];
const HOURLY = "!{timestamp:yyyy/MM/dd/HH}/";

export function checkDeliver(
  path: string,
  given: unknown,
  table: { readonly name: string; readonly columns: readonly ColumnModel[] },
  problems: Problems,
): DeliverModel {
  const options = (given === undefined ? {} : readOptions(path, given, OPTIONS, problems)) ?? {};
  const mib = { min: BUFFER_MIB_MIN, max: BUFFER_MIB_MAX, what: "a buffer's size" };
  const seconds = { min: 0, max: BUFFER_SECONDS_MAX, what: "a buffer's time" };
  const whole = (name: string, fallback: number, bounds: typeof mib) =>
    options[name] === undefined
      ? fallback
      : (readWhole(`${path}.${name}`, options[name], bounds, problems) ?? fallback);
  const fileFormat =
    options.format === undefined
      ? "parquet"
      : (readWord(`${path}.format`, options.format, ["parquet", "json", "csv"], problems) ?? "parquet");
  const compression =
    options.compression === undefined
      ? "zstd"
      : (readWord(`${path}.compression`, options.compression, ["zstd", "snappy", "gzip", "none"], problems) ?? "zstd");
  if (compression === "snappy" && fileFormat !== "parquet") {
    problems.add(
      `${path}.compression`,
      `is "snappy", which is for Parquet; for ${fileFormat} it must be "zstd", "gzip" or "none".`,
    );
  }
  const partitionBy = checkPartitions(`${path}.partitionBy`, options.partitionBy, table.columns, problems);
  const partitionPath = partitionBy.map(({ name }) => `${name}=!{partitionKeyFromQuery:${name}}/`).join("");
  return Object.freeze<DeliverModel>({
    bufferBytes: whole("bufferMiB", BUFFER_MIB_DEFAULT, mib) * MIB,
    bufferMs: whole("bufferSeconds", BUFFER_SECONDS_DEFAULT, seconds) * 1000,
    fileFormat,
    compression,
    prefix: prefixOf("prefix", `tables/${table.name}/${partitionPath || HOURLY}`),
    errorPrefix: prefixOf("errorPrefix", `errors/${table.name}/!{firehose:error-output-type}/${HOURLY}`),
    partitionBy: Object.freeze(partitionBy),
  });

  function prefixOf(which: "prefix" | "errorPrefix", fallback: string): string {
    const text = options[which];
    if (text === undefined) return fallback;
    const wrong = wrongWithPrefix(which, text, partitionBy);
    if (wrong === undefined) return text as string;
    problems.add(`${path}.${which}`, `is ${show(text)}; ${wrong}.`);
    return fallback;
  }
}

function checkPartitions(
  path: string,
  given: unknown,
  columns: readonly ColumnModel[],
  problems: Problems,
): PartitionModel[] {
  if (given === undefined) return [];
  const list = Array.isArray(given) ? given : [given];
  const models: PartitionModel[] = [];
  for (const [index, item] of list.entries()) {
    const at = Array.isArray(given) ? `${path}[${index}]` : path;
    const draft: PartitionDraft | undefined =
      typeof item === "string" ? { column: item, unit: "value", options: {} } : draftOf(item, PARTITION);
    if (!draft) {
      problems.add(at, `is ${show(item)}; it must be a column's name, or such as day("quoted_at").`);
      continue;
    }
    const column = columns.find(({ name }) => name === draft.column);
    if (!column) {
      problems.add(at, unknownColumn(draft.column, columns));
      continue;
    }
    const { kind } = column.type;
    if (draft.unit !== "value" && !["date", "timestamp", "timestamptz"].includes(kind)) {
      problems.add(
        at,
        `takes the ${draft.unit} of ${show(column.name)}, which is ${typeText(column.type)}; it must be a date or a timestamp.`,
      );
      continue;
    }
    if (draft.unit === "hour" && kind === "date") {
      problems.add(at, `takes the hour of ${show(column.name)}, which is a date and has none; use day, month or year.`);
      continue;
    }
    if (draft.unit === "value" && ["super", "real", "double", "timestamp", "timestamptz", "time"].includes(kind)) {
      problems.add(
        at,
        `is ${show(column.name)}, a ${typeText(column.type)}, whose every value would be a folder of its own; use text, a whole number, a day or an hour.`,
      );
      continue;
    }
    const as = readOptions(at, draft.options, ["as"], problems)?.as;
    if (as !== undefined && (typeof as !== "string" || !/^[a-z][a-z0-9_]{0,62}$/.test(as))) {
      problems.add(
        `${at}.as`,
        `is ${show(as)}; it must be a lower-case letter, then letters, digits or _, at most 63.`,
      );
      continue;
    }
    const name = (as as string | undefined) ?? (draft.unit === "value" ? column.name : draft.unit);
    if (models.some((other) => other.name === name)) {
      problems.add(
        at,
        `is the second partition named ${show(name)}; give it a name of its own, such as day("${column.name}", { as: "${column.name}_${draft.unit}" }).`,
      );
      continue;
    }
    models.push(Object.freeze({ name, column: column.name, unit: draft.unit }));
  }
  return models;
}

function wrongWithPrefix(
  which: "prefix" | "errorPrefix",
  text: unknown,
  partitionBy: readonly PartitionModel[],
): string | undefined {
  if (typeof text !== "string") return "it must be text";
  if (!text.endsWith("/")) return "it must end in /";
  if (text.startsWith("/")) return "it must not begin with /";
  if (Buffer.byteLength(text) > PREFIX_BYTES_MAX) return `it must have at most ${PREFIX_BYTES_MAX} bytes`;
  const used = new Set<string>();
  for (const [expression, inner] of text.matchAll(/!\{([^}]*)\}?/g)) {
    if (!expression.endsWith("}")) return `${show(expression)} is not closed by }`;
    const wrong = wrongWithExpression(which, inner!, partitionBy, used);
    if (wrong) return `${wrong} in ${show(expression)}`;
  }
  const literal = text.replaceAll(/!\{[^}]*\}/g, "x");
  if (/[^\w\-.=+/ !'(),:@&$;]/.test(literal))
    return "it may have letters, digits and - _ . = + / ! ' ( ) , : @ & $ ; only";
  if (
    literal
      .split("/")
      .slice(0, -1)
      .some((segment) => ["", ".", ".."].includes(segment))
  ) {
    return "it must not have an empty part, . or .. between slashes";
  }
  const unused = which === "prefix" ? partitionBy.find(({ name }) => !used.has(name)) : undefined;
  if (unused) return `it must have !{partitionKeyFromQuery:${unused.name}}, because the table is partitioned by it`;
  return undefined;
}

function wrongWithExpression(
  which: "prefix" | "errorPrefix",
  inner: string,
  partitionBy: readonly PartitionModel[],
  used: Set<string>,
): string | undefined {
  const colon = inner.indexOf(":");
  const [space, rest] = colon === -1 ? [inner, ""] : [inner.slice(0, colon), inner.slice(colon + 1)];
  if (space === "timestamp") {
    // A quoted literal, a field of the date, or a separator, as java.time's DateTimeFormatter has them.
    const parts = /^(?:'[^']+'|yyyy|MM|dd|HH|mm|ss|[/\-_.=])+$/.test(rest);
    return parts ? undefined : "only yyyy, MM, dd, HH, mm, ss, quoted text and the separators / - _ . = can be used";
  }
  if (space === "firehose") {
    if (which === "errorPrefix" && rest === "error-output-type") return undefined;
    if (rest === "error-output-type") return "the kind of error exists only in errorPrefix";
    if (rest === "random-string") return "random text cannot be used, because an object's key comes from what it holds";
    return `${show(rest)} does not exist${meant(rest, ["error-output-type"])}`;
  }
  if (space === "partitionKeyFromQuery") {
    if (which === "errorPrefix") return "a dead letter has no partition";
    used.add(rest);
    if (partitionBy.some(({ name }) => name === rest)) return undefined;
    const names = partitionBy.map(({ name }) => name);
    return `there is no partition ${show(rest)}${meant(rest, names)} (partitionBy has ${names.join(", ") || "none"})`;
  }
  if (space === "partitionKeyFromLambda") return "use partitionKeyFromQuery (Penstock works the value out by itself)";
  const known = ["timestamp", "firehose", "partitionKeyFromQuery"];
  return `there is no ${show(space)}${meant(space, known)}; there are ${known.join(", ")}`;
}

export function unknownColumn(name: unknown, columns: readonly ColumnModel[]): string {
  const names = columns.map((column) => column.name);
  const shown = names.length > 12 ? `${names.slice(0, 12).join(", ")}, ...` : names.join(", ");
  const hint = typeof name === "string" ? meant(name, names) : "";
  return `is ${show(name)}, which is no column of the table${hint}; its columns are ${shown}.`;
}
