/** What a COPY from a bucket was asked to do: its options read, and those refused that Redshift refuses. */
import { SQL_STATE, SqlError } from "../sql-error.js";
import type { Copy, LoadOption } from "../syntax/ast.js";

export type Compression = "none" | "gzip" | "bzip2" | "zstd";
export type TextEncoding = "utf8" | "utf16" | "utf16le" | "utf16be" | "latin1";

export interface CopyOptions {
  readonly format: CopyFormat;
  readonly manifest: boolean;
  readonly compression: Compression;
  readonly encoding: TextEncoding;
  readonly maxErrors: number;
  readonly noLoad: boolean;
  readonly explicitIds: boolean;
  readonly conversion: Conversion;
}

export type CopyFormat =
  | { readonly kind: "parquet"; readonly fillRecord: boolean; readonly serializeToJson: boolean }
  | { readonly kind: "json"; readonly paths: "auto" | "auto ignorecase" | "noshred" | { readonly url: string } }
  | TextFormat;

export type TextFormat = {
  readonly ignoreHeader: number;
  readonly ignoreBlankLines: boolean;
  readonly fillRecord: boolean;
} & (
  | { readonly kind: "csv"; readonly delimiter: string; readonly quote: string }
  | { readonly kind: "delimited"; readonly delimiter: string; readonly escape: boolean; readonly removeQuotes: boolean }
  | { readonly kind: "fixed-width"; readonly widths: readonly number[] }
);

/** How a field's text becomes a value. */
export interface Conversion {
  readonly nullText: string;
  readonly emptyAsNull: boolean;
  readonly blanksAsNull: boolean;
  readonly trimBlanks: boolean;
  readonly truncateColumns: boolean;
  readonly roundDecimals: boolean;
  readonly acceptAnyDate: boolean;
  /** Stands for what is no UTF-8; undefined where that is an error. */
  readonly invalidCharacter: string | undefined;
  /** Undefined: YYYY-MM-DD. */
  readonly dateFormat: string | undefined;
  /** Undefined: YYYY-MM-DD HH:MI:SS. */
  readonly timeFormat: string | undefined;
}

/** Source: "Data load operations": MAXERROR. */
const MAX_ERRORS = 100_000;

const FLAGS: ReadonlySet<string> = new Set([
  "manifest",
  "gzip",
  "zstd",
  "bzip2",
  "escape",
  "removequotes",
  "emptyasnull",
  "blanksasnull",
  "trimblanks",
  "fillrecord",
  "truncatecolumns",
  "acceptanydate",
  "roundec",
  "explicit_ids",
  "serializetojson",
  "noload",
  "ignoreblanklines",
  "ignoreallerrors",
  "with",
]);
const CREDENTIALS: ReadonlySet<string> = new Set([
  "iam_role",
  "credentials",
  "access_key_id",
  "secret_access_key",
  "session_token",
  "token",
]);
const VALUED: ReadonlySet<string> = new Set([
  "format",
  "csv",
  "parquet",
  "json",
  "delimiter",
  "quote",
  "fixedwidth",
  "ignoreheader",
  "null",
  "dateformat",
  "timeformat",
  "acceptinvchars",
  "encoding",
  "maxerror",
  "max_error",
  "compupdate",
  "statupdate",
  "comprows",
  "region",
  "readratio",
]);
/** Source: "COPY from columnar data formats". */
const COLUMNAR: ReadonlySet<string> = new Set([
  "format",
  "parquet",
  "acceptinvchars",
  "fillrecord",
  "statupdate",
  "manifest",
  "explicit_ids",
  "serializetojson",
  "with",
  ...CREDENTIALS,
]);
const NOT_SUPPORTED: Readonly<Record<string, string>> = {
  orc: "Penstock reads Parquet, CSV, JSON, delimited and fixed-width text.",
  avro: "Penstock reads Parquet, CSV, JSON, delimited and fixed-width text.",
  shapefile: "Penstock has no geometry types.",
  lzop: "Compress with GZIP, ZSTD or BZIP2.",
  encrypted: "Objects of these buckets are never encrypted on the client's side.",
  master_symmetric_key: "Objects of these buckets are never encrypted on the client's side.",
  ssh: "Put the data into a bucket first.",
};

export function copyOptions(statement: Copy): CopyOptions {
  const given = new Map<string, LoadOption>();
  for (const option of statement.options) {
    const { name, at } = option;
    const hint = NOT_SUPPORTED[name];
    if (hint !== undefined)
      throw new SqlError(SQL_STATE.featureNotSupported, `COPY: ${name.toUpperCase()} is not supported`, { at, hint });
    if (!FLAGS.has(name) && !VALUED.has(name) && !CREDENTIALS.has(name)) {
      throw new SqlError(SQL_STATE.syntaxError, `syntax error at or near "${name}"`, {
        at,
        hint: "COPY has no such option.",
      });
    }
    if (name !== "format" && given.has(name)) {
      throw new SqlError(SQL_STATE.syntaxError, "conflicting or redundant options", {
        at,
        detail: `${name.toUpperCase()} is there twice.`,
      });
    }
    given.set(name, option);
  }
  const reader = optionReader(given);
  credentialsGiven(statement);
  const format = formatOf(statement, given, reader);
  const maxErrors = reader.whole("maxerror", 0, MAX_ERRORS) ?? reader.whole("max_error", 0, MAX_ERRORS) ?? 0;
  const ignoreAll = given.has("ignoreallerrors");
  return {
    format,
    manifest: given.has("manifest"),
    compression: compressionOf(given),
    encoding: encodingOf(reader),
    maxErrors: ignoreAll ? Number.MAX_SAFE_INTEGER : maxErrors,
    noLoad: given.has("noload"),
    explicitIds: given.has("explicit_ids"),
    conversion: {
      nullText: nullText(reader.text("null") ?? "\\N"),
      emptyAsNull: given.has("emptyasnull"),
      blanksAsNull: given.has("blanksasnull"),
      trimBlanks: given.has("trimblanks"),
      truncateColumns: given.has("truncatecolumns"),
      roundDecimals: given.has("roundec"),
      acceptAnyDate: given.has("acceptanydate"),
      invalidCharacter: given.has("acceptinvchars") ? invalidCharacter(reader) : undefined,
      dateFormat: reader.text("dateformat"),
      timeFormat: reader.text("timeformat"),
    },
  };
}

interface OptionReader {
  text(name: string): string | undefined;
  whole(name: string, min: number, max: number): number | undefined;
  at(name: string): number;
}

function optionReader(given: ReadonlyMap<string, LoadOption>): OptionReader {
  const at = (name: string) => given.get(name)?.at ?? 0;
  return {
    at,
    text(name) {
      const option = given.get(name);
      if (option === undefined) return undefined;
      const [value] = option.values;
      if (value === undefined) {
        throw new SqlError(SQL_STATE.syntaxError, `syntax error: ${name.toUpperCase()} needs a value`, {
          at: option.at,
        });
      }
      return String(value);
    },
    whole(name, min, max) {
      const option = given.get(name);
      if (option === undefined) return undefined;
      const value = Number(option.values[0] ?? (name === "ignoreheader" ? 1 : Number.NaN));
      if (!Number.isInteger(value) || value < min || value > max) {
        throw new SqlError(SQL_STATE.invalidParameterValue, `${name.toUpperCase()} must be between ${min} and ${max}`, {
          at: option.at,
        });
      }
      return value;
    },
  };
}

/** They open nothing here, but a COPY that lacks them would fail on Redshift. */
export function credentialsGiven(statement: { readonly at: number; readonly options: readonly LoadOption[] }): void {
  const given = new Map(statement.options.map((option) => [option.name, option]));
  const { at } = statement;
  const some = [...CREDENTIALS].filter((name) => given.has(name));
  if (some.length === 0) {
    throw new SqlError(SQL_STATE.syntaxError, "CREDENTIALS argument is required but is missing", {
      at,
      hint: "Add IAM_ROLE default. Penstock's own buckets need none, but Redshift refuses it without.",
    });
  }
  if (given.has("access_key_id") !== given.has("secret_access_key")) {
    throw new SqlError(SQL_STATE.syntaxError, "ACCESS_KEY_ID and SECRET_ACCESS_KEY must be given together", { at });
  }
  const ways = ["iam_role", "credentials", "access_key_id"].filter((name) => given.has(name));
  if (ways.length > 1) {
    throw new SqlError(SQL_STATE.syntaxError, "conflicting or redundant options", {
      at,
      detail: `${ways.join(" and ").toUpperCase()} say the same twice.`,
    });
  }
  const role = given.get("iam_role");
  const arn = String(role?.values[0] ?? "default");
  if (
    role !== undefined &&
    arn !== "default" &&
    // The account of the documentation's examples has thirteen digits.
    !/^(arn:aws[\w-]*:iam::\d{12,13}:role\/\S+)(,arn:aws[\w-]*:iam::\d{12,13}:role\/\S+)*$/.test(arn)
  ) {
    throw new SqlError(SQL_STATE.invalidParameterValue, `Invalid IAM role: ${arn}`, {
      at: role.at,
      hint: "IAM_ROLE default, or IAM_ROLE 'arn:aws:iam::<account>:role/<name>'.",
    });
  }
  const credentials = given.get("credentials");
  if (
    credentials !== undefined &&
    !/(^|;)\s*aws_(iam_role|access_key_id)\s*=/i.test(String(credentials.values[0] ?? ""))
  ) {
    throw new SqlError(
      SQL_STATE.invalidParameterValue,
      "Invalid credentials. Must be of the format: credentials 'aws_iam_role=...' or 'aws_access_key_id=...;aws_secret_access_key=...[;token=...]'",
      { at: credentials.at },
    );
  }
}

function formatOf(statement: Copy, given: ReadonlyMap<string, LoadOption>, reader: OptionReader): CopyFormat {
  const formats = ["parquet", "csv", "json", "fixedwidth"].filter((name) => given.has(name));
  if (formats.length > 1) {
    throw new SqlError(SQL_STATE.syntaxError, `${formats.join(" and ").toUpperCase()} cannot be used together`, {
      at: statement.at,
    });
  }
  if (given.has("parquet")) {
    for (const [name, { at }] of given) {
      if (!COLUMNAR.has(name)) {
        throw new SqlError(
          SQL_STATE.featureNotSupported,
          `${name.toUpperCase()} argument is not supported for PARQUET based COPY`,
          { at },
        );
      }
    }
    return { kind: "parquet", fillRecord: given.has("fillrecord"), serializeToJson: given.has("serializetojson") };
  }
  if (given.has("json")) return jsonFormat(given, reader);
  const shared = {
    ignoreHeader: reader.whole("ignoreheader", 0, Number.MAX_SAFE_INTEGER) ?? 0,
    ignoreBlankLines: given.has("ignoreblanklines"),
    fillRecord: given.has("fillrecord"),
  };
  if (given.has("fixedwidth")) {
    refuseWith(given, "FIXEDWIDTH", ["delimiter", "escape", "removequotes", "quote"]);
    return { kind: "fixed-width", widths: widthsOf(reader), ...shared };
  }
  if (given.has("csv")) {
    refuseWith(given, "CSV", ["escape", "removequotes"]);
    return { kind: "csv", delimiter: delimiterOf(reader, ","), quote: quoteOf(reader), ...shared };
  }
  refuseWith(given, "a delimiter", ["quote"]);
  return {
    kind: "delimited",
    delimiter: delimiterOf(reader, "|"),
    escape: given.has("escape"),
    removeQuotes: given.has("removequotes"),
    ...shared,
  };
}

function jsonFormat(given: ReadonlyMap<string, LoadOption>, reader: OptionReader): CopyFormat {
  refuseWith(given, "JSON", [
    "csv",
    "delimiter",
    "escape",
    "fillrecord",
    "ignoreblanklines",
    "removequotes",
    "ignoreheader",
  ]);
  const paths = (given.get("json")?.values[0] ?? "auto").toString();
  const word = paths.trim().toLowerCase();
  if (word === "auto" || word === "auto ignorecase" || word === "noshred") return { kind: "json", paths: word };
  if (paths.startsWith("s3://")) return { kind: "json", paths: { url: paths } };
  throw new SqlError(SQL_STATE.invalidParameterValue, `JSON argument '${paths}' is not valid`, {
    at: reader.at("json"),
    hint: "'auto', 'auto ignorecase', 'noshred', or the 's3://...' of a JSONPaths file.",
  });
}

function refuseWith(given: ReadonlyMap<string, LoadOption>, format: string, names: readonly string[]): void {
  for (const name of names) {
    const option = given.get(name);
    if (option === undefined) continue;
    throw new SqlError(SQL_STATE.syntaxError, `${name.toUpperCase()} option cannot be used with ${format}`, {
      at: option.at,
    });
  }
}

function delimiterOf(reader: OptionReader, otherwise: string): string {
  const text = reader.text("delimiter");
  if (text === undefined) return otherwise;
  const delimiter = unescaped(text);
  if (delimiter === "" || /[^\0-\x7f]/.test(delimiter) || /[\r\n]/.test(delimiter)) {
    throw new SqlError(
      SQL_STATE.invalidParameterValue,
      "COPY delimiter must be ASCII characters other than line ends",
      { at: reader.at("delimiter") },
    );
  }
  return delimiter;
}

function quoteOf(reader: OptionReader): string {
  const quote = reader.text("quote") ?? '"';
  if (quote.length !== 1 || quote > "\x7f") {
    throw new SqlError(SQL_STATE.invalidParameterValue, "COPY quote must be a single ASCII character", {
      at: reader.at("quote"),
    });
  }
  return quote;
}

/** `\t`, `\001`, `\\`. */
export function unescaped(text: string): string {
  return text.replace(/\\([0-7]{1,3}|x[0-9a-f]{2}|.)/gi, (_, code: string) => {
    if (/^[0-7]+$/.test(code)) return String.fromCharCode(Number.parseInt(code, 8));
    if (/^x/i.test(code) && code.length === 3) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return ({ t: "\t", n: "\n", r: "\r", b: "\b", f: "\f", v: "\v" } as Record<string, string>)[code] ?? code;
  });
}

function nullText(text: string): string {
  // `\N` is what stands in the file; only the codes of characters are made into characters.
  return /^\\(0|000|t|n|r)$/.test(text) ? unescaped(text) : text;
}

function invalidCharacter(reader: OptionReader): string {
  let text = "?";
  try {
    text = reader.text("acceptinvchars") ?? "?";
  } catch {
    // Without a value it is the question mark.
  }
  if (text === "NULL" || text.length !== 1 || text > "\x7f") {
    if (text === "NULL") return "";
    throw new SqlError(SQL_STATE.invalidParameterValue, "ACCEPTINVCHARS must be a single ASCII character", {
      at: reader.at("acceptinvchars"),
    });
  }
  return text;
}

function widthsOf(reader: OptionReader): number[] {
  const spec = reader.text("fixedwidth") ?? "";
  const widths = spec.split(",").map((part) => Number(part.slice(part.indexOf(":") + 1).trim()));
  if (widths.some((width) => !Number.isInteger(width) || width <= 0)) {
    throw new SqlError(SQL_STATE.invalidParameterValue, "Invalid fixed-width specification", {
      at: reader.at("fixedwidth"),
      hint: "A width for each column: FIXEDWIDTH '0:3,1:25,2:12'.",
    });
  }
  return widths;
}

function compressionOf(given: ReadonlyMap<string, LoadOption>): Compression {
  const found = (["gzip", "bzip2", "zstd"] as const).filter((name) => given.has(name));
  if (found.length > 1) {
    throw new SqlError(SQL_STATE.syntaxError, "conflicting or redundant options", {
      detail: "Only one compression can be named.",
    });
  }
  return found[0] ?? "none";
}

const ENCODINGS: Readonly<Record<string, TextEncoding>> = {
  UTF8: "utf8",
  UTF16: "utf16",
  UTF16LE: "utf16le",
  UTF16BE: "utf16be",
  ISO88591: "latin1",
};

function encodingOf(reader: OptionReader): TextEncoding {
  const text = reader.text("encoding");
  if (text === undefined) return "utf8";
  const encoding = ENCODINGS[text.toUpperCase().replaceAll("-", "")];
  if (encoding === undefined) {
    throw new SqlError(SQL_STATE.invalidParameterValue, `Invalid encoding "${text}"`, {
      at: reader.at("encoding"),
      hint: `One of ${Object.keys(ENCODINGS).join(", ")}.`,
    });
  }
  return encoding;
}
