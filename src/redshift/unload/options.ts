import { credentialsGiven, unescaped } from "../copy/options.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import type { LoadOption, Unload } from "../syntax/ast.js";

export interface UnloadOptions {
  readonly format: "parquet" | "csv" | "json" | "text";
  readonly delimiter: string;
  /** Of fixed-width text, a width a column. */
  readonly widths: readonly number[] | undefined;
  readonly header: boolean;
  readonly addQuotes: boolean;
  readonly escape: boolean;
  readonly nullText: string;
  readonly compression: "none" | "gzip" | "zstd";
  readonly parallel: boolean;
  readonly fileBytesMax: number | undefined;
  readonly partitionBy: readonly string[];
  readonly includePartitions: boolean;
  readonly manifest: boolean;
  readonly verbose: boolean;
  readonly overwrite: boolean;
  readonly cleanPath: boolean;
  readonly extension: string | undefined;
}

const KNOWN: ReadonlySet<string> = new Set([
  "format",
  "parquet",
  "csv",
  "json",
  "header",
  "delimiter",
  "fixedwidth",
  "addquotes",
  "escape",
  "null",
  "gzip",
  "zstd",
  "parallel",
  "maxfilesize",
  "partition by",
  "manifest",
  "verbose",
  "allowoverwrite",
  "cleanpath",
  "extension",
  "region",
  "rowgroupsize",
  "with",
  "iam_role",
  "credentials",
  "access_key_id",
  "secret_access_key",
  "session_token",
  "encrypted",
  "auto",
]);
const MIB = 1024 * 1024;
/** Source: UNLOAD, MAXFILESIZE. */
const FILE_MIB_MIN = 5;
const FILE_MIB_MAX = 6.2 * 1024;

export function unloadOptions(statement: Unload): UnloadOptions {
  const given = new Map<string, LoadOption>();
  for (const option of statement.options) {
    if (option.name === "bzip2") {
      throw new SqlError(SQL_STATE.featureNotSupported, "UNLOAD: BZIP2 is not supported", {
        at: option.at,
        hint: "Compress with GZIP or ZSTD.",
      });
    }
    if (!KNOWN.has(option.name)) {
      throw new SqlError(SQL_STATE.syntaxError, `syntax error at or near "${option.name}"`, {
        at: option.at,
        hint: "UNLOAD has no such option.",
      });
    }
    given.set(option.name, option);
  }
  credentialsGiven(statement);
  const value = (name: string) => given.get(name)?.values[0];
  const has = (name: string) => given.has(name) && value(name) !== false;
  const format = (["parquet", "csv", "json"] as const).find((name) => given.has(name)) ?? "text";
  const conflict = (a: string, b: string) => {
    throw new SqlError(SQL_STATE.syntaxError, `${a.toUpperCase()} option cannot be used with ${b.toUpperCase()}`, {
      at: given.get(a)?.at ?? statement.at,
    });
  };
  const refused: Readonly<Record<string, readonly string[]>> = {
    parquet: ["delimiter", "fixedwidth", "addquotes", "escape", "null", "header", "gzip", "zstd"],
    json: ["delimiter", "fixedwidth", "addquotes", "escape", "null", "header"],
    csv: ["fixedwidth", "addquotes", "escape"],
    text: given.has("fixedwidth") ? ["delimiter", "addquotes", "escape", "header"] : [],
  };
  for (const name of refused[format] ?? [])
    if (given.has(name)) conflict(name, format === "text" ? "fixedwidth" : format);
  if (given.has("cleanpath") && given.has("allowoverwrite")) conflict("cleanpath", "allowoverwrite");
  const partition = given.get("partition by");
  const include = partition?.values.at(-1) === true;
  return {
    format,
    delimiter: delimiterOf(given.get("delimiter"), format === "csv" ? "," : "|"),
    widths: widthsOf(given.get("fixedwidth")),
    header: has("header"),
    addQuotes: has("addquotes"),
    escape: has("escape"),
    nullText: String(value("null") ?? ""),
    compression: given.has("gzip") ? "gzip" : given.has("zstd") ? "zstd" : "none",
    parallel: !given.has("parallel") || has("parallel"),
    fileBytesMax: fileBytes(given.get("maxfilesize")),
    partitionBy: (include ? partition?.values.slice(0, -1) : partition?.values)?.map(String) ?? [],
    includePartitions: include,
    manifest: given.has("manifest"),
    verbose: given.has("verbose"),
    overwrite: has("allowoverwrite"),
    cleanPath: has("cleanpath"),
    extension: given.has("extension") ? String(value("extension") ?? "") : undefined,
  };
}

function delimiterOf(option: LoadOption | undefined, otherwise: string): string {
  if (option === undefined) return otherwise;
  const delimiter = unescaped(String(option.values[0] ?? ""));
  if (delimiter.length === 1 && !/[^\0-\x7f]|[\r\n]/.test(delimiter)) return delimiter;
  throw new SqlError(SQL_STATE.invalidParameterValue, "UNLOAD delimiter must be a single ASCII character", {
    at: option.at,
  });
}

function widthsOf(option: LoadOption | undefined): number[] | undefined {
  if (option === undefined) return undefined;
  const widths = String(option.values[0] ?? "")
    .split(",")
    .map((part) => Number(part.slice(part.indexOf(":") + 1).trim()));
  if (widths.every((width) => Number.isInteger(width) && width > 0)) return widths;
  throw new SqlError(SQL_STATE.invalidParameterValue, "Invalid fixed-width specification", { at: option.at });
}

function fileBytes(option: LoadOption | undefined): number | undefined {
  if (option === undefined) return undefined;
  const mib = Number(option.values[0]) * (String(option.values[1] ?? "mb").toLowerCase() === "gb" ? 1024 : 1);
  if (mib >= FILE_MIB_MIN && mib <= FILE_MIB_MAX) return Math.floor(mib * MIB);
  throw new SqlError(SQL_STATE.invalidParameterValue, "MAXFILESIZE must be between 5 MB and 6.2 GB", { at: option.at });
}
