import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Credential } from "../core/credential.js";
import { messageOf, PenstockError } from "../core/errors.js";
import { MIB } from "../core/limits.js";
import { isLoopback } from "../core/loopback.js";
import { findDefinition } from "../definition/load.js";

/**
 * Everything about a running pipeline that is not in its definition. Read once, by `readConfig`, from the command line's flags and from
 * PENSTOCK_* in the environment (a flag wins), then frozen: nothing else in the program looks at either.
 */
export interface RuntimeConfig {
  /** The definition's file, absolute. Given as a folder, its `penstock.ts` (or .mts, .js, .mjs). Default: the working directory. */
  readonly definitionPath: string;
  /** Journal, lake, warehouse and ledger, absolute. `--data`, PENSTOCK_DATA. Default: `.penstock` beside the definition. */
  readonly dataDirectory: string;
  /** The address to listen on. `--host`, PENSTOCK_HOST. Default 127.0.0.1; any that is not loopback needs `credentials`. */
  readonly host: string;
  /** Kinesis, Firehose and S3. `--aws-port`, PENSTOCK_AWS_PORT. 0 to 65,535, 0 for any free one; default 4566. */
  readonly awsPort: number;
  /** Console and control API. `--console-port`, PENSTOCK_CONSOLE_PORT. 0 to 65,535, 0 for any free one; default 4580. */
  readonly consolePort: number;
  /** SQL for PostgreSQL's and Redshift's clients. `--sql-port`, PENSTOCK_SQL_PORT. 0 to 65,535, 0 for any free one; default 5439. */
  readonly sqlPort: number;
  /** What SQL clients get when they ask for TLS; both or none. `--sql-cert` and `--sql-key` (PEM files), PENSTOCK_SQL_CERT, PENSTOCK_SQL_KEY. Default none. */
  readonly sqlCertificate: { readonly cert: string; readonly key: string } | undefined;
  /** How SQL clients prove their password, where there are credentials. `--sql-auth`, PENSTOCK_SQL_AUTH. Default md5, the one that Redshift's drivers know. */
  readonly sqlAuth: SqlAuth;
  /** Names, beside loopback's and plain addresses, that requests may use as Host. `--allow-host`, PENSTOCK_ALLOW_HOSTS. Default none. */
  readonly allowedHosts: readonly string[];
  /** Who may come in; empty means anyone on this machine. `--credentials FILE`, PENSTOCK_CREDENTIALS. Default none. */
  readonly credentials: readonly Credential[];
  /** Refuse what is beyond a shard's limits (1 MB/s or 1,000 records/s in), as AWS does. `--throughput-limits`, PENSTOCK_THROUGHPUT_LIMITS. Default false. */
  readonly throughputLimits: boolean;
  /** What the doors answer in ARNs. `--region`, PENSTOCK_REGION. Default us-east-1. */
  readonly region: string;
  /** Twelve digits, for ARNs. `--account`, PENSTOCK_ACCOUNT. Default 000000000000. */
  readonly accountId: string;
  /** Bytes the warehouse engine may hold in memory. `--warehouse-memory-mib`, PENSTOCK_WAREHOUSE_MEMORY_MIB. 64 MiB to 1 TiB; by default what the definition needs (engine-memory.ts). */
  readonly warehouseMemoryBytesMax: number | undefined;
  /** Bytes the conversion engine may hold in memory. `--conversion-memory-mib`, PENSTOCK_CONVERSION_MEMORY_MIB. 64 MiB to 1 TiB; by default what the definition needs. */
  readonly conversionMemoryBytesMax: number | undefined;
  /** Bytes on disk that queries may spill. `--spill-mib`, PENSTOCK_SPILL_MIB. 0 to 16 TiB; default 4 GiB. */
  readonly spillBytesMax: number;
  /** `--log-level`, PENSTOCK_LOG_LEVEL. Default info. */
  readonly logLevel: LogLevel;
  /** Lines for people or JSON for machines, always on stderr. `--log-format`, PENSTOCK_LOG_FORMAT. Default text on a terminal, json elsewhere. */
  readonly logFormat: LogFormat;
}

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
const SQL_AUTHS = ["md5", "scram"] as const;
export type SqlAuth = (typeof SQL_AUTHS)[number];
const LOG_FORMATS = ["text", "json"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** What a caller may say; each is the text of a flag, or absent. */
export interface ConfigFlags {
  readonly definition?: string;
  readonly data?: string;
  readonly host?: string;
  readonly awsPort?: string;
  readonly consolePort?: string;
  readonly sqlPort?: string;
  readonly sqlCert?: string;
  readonly sqlKey?: string;
  readonly sqlAuth?: string;
  readonly allowHost?: readonly string[];
  readonly credentials?: string;
  readonly throughputLimits?: boolean;
  readonly region?: string;
  readonly account?: string;
  readonly warehouseMemoryMib?: string;
  readonly conversionMemoryMib?: string;
  readonly spillMib?: string;
  readonly logLevel?: string;
  readonly logFormat?: string;
}

export interface ConfigSurroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  readonly terminal: boolean;
}

/** A secret shorter than this can be guessed over a network. */
const SECRET_CHARS_MIN = 8;

export function readConfig(flags: ConfigFlags, around: ConfigSurroundings): RuntimeConfig {
  const setting = (flag: string, given: string | undefined, variable: string): Setting => {
    if (given !== undefined) return { text: given, source: flag };
    const text = around.environment[variable];
    return { text: text === "" ? undefined : text, source: variable };
  };
  const definitionPath = findDefinition(
    resolve(around.workingDirectory, flags.definition ?? around.environment.PENSTOCK_DEFINITION ?? "."),
  );
  const data = setting("--data", flags.data, "PENSTOCK_DATA").text;
  const credentials = readCredentials(flags.credentials, around);
  const host = hostOf(setting("--host", flags.host, "PENSTOCK_HOST"));
  if (!isLoopback(host) && credentials.length === 0) {
    throw new PenstockError("refused", `--host ${host} would let others in, and no credentials are configured.`, {
      hint: "Give --credentials FILE (one name:secret a line) or PENSTOCK_CREDENTIALS, or listen on 127.0.0.1.",
    });
  }
  return Object.freeze<RuntimeConfig>({
    definitionPath,
    dataDirectory:
      data === undefined ? join(dirname(definitionPath), ".penstock") : resolve(around.workingDirectory, data),
    host,
    awsPort: wholeNumber(setting("--aws-port", flags.awsPort, "PENSTOCK_AWS_PORT"), 4566, 0, 65_535),
    consolePort: wholeNumber(setting("--console-port", flags.consolePort, "PENSTOCK_CONSOLE_PORT"), 4580, 0, 65_535),
    sqlPort: wholeNumber(setting("--sql-port", flags.sqlPort, "PENSTOCK_SQL_PORT"), 5439, 0, 65_535),
    sqlCertificate: certificateOf(
      setting("--sql-cert", flags.sqlCert, "PENSTOCK_SQL_CERT"),
      setting("--sql-key", flags.sqlKey, "PENSTOCK_SQL_KEY"),
      around.workingDirectory,
    ),
    sqlAuth: oneOf(setting("--sql-auth", flags.sqlAuth, "PENSTOCK_SQL_AUTH"), "md5", SQL_AUTHS),
    allowedHosts: Object.freeze(
      (flags.allowHost ?? listOf(around.environment.PENSTOCK_ALLOW_HOSTS)).map((name) => name.toLowerCase()),
    ),
    credentials,
    throughputLimits: flags.throughputLimits ?? yesOrNo(setting("", undefined, "PENSTOCK_THROUGHPUT_LIMITS"), false),
    region: matching(
      setting("--region", flags.region, "PENSTOCK_REGION"),
      "us-east-1",
      /^[a-z]{2}(-[a-z]+)+-\d$/,
      "a region's name such as us-east-1",
    ),
    accountId: matching(
      setting("--account", flags.account, "PENSTOCK_ACCOUNT"),
      "000000000000",
      /^\d{12}$/,
      "twelve digits",
    ),
    warehouseMemoryBytesMax: engineBytes(
      setting("--warehouse-memory-mib", flags.warehouseMemoryMib, "PENSTOCK_WAREHOUSE_MEMORY_MIB"),
    ),
    conversionMemoryBytesMax: engineBytes(
      setting("--conversion-memory-mib", flags.conversionMemoryMib, "PENSTOCK_CONVERSION_MEMORY_MIB"),
    ),
    spillBytesMax: MIB * wholeNumber(setting("--spill-mib", flags.spillMib, "PENSTOCK_SPILL_MIB"), 4096, 0, 16 * MIB),
    logLevel: oneOf(setting("--log-level", flags.logLevel, "PENSTOCK_LOG_LEVEL"), "info", LOG_LEVELS),
    logFormat: oneOf(
      setting("--log-format", flags.logFormat, "PENSTOCK_LOG_FORMAT"),
      around.terminal ? "text" : "json",
      LOG_FORMATS,
    ),
  });
}

interface Setting {
  readonly text: string | undefined;
  /** The flag or the variable that it came from, or would have. */
  readonly source: string;
}

function refuse(setting: Setting, allowed: string): never {
  throw new PenstockError(
    "invalid-argument",
    `${setting.source} is ${JSON.stringify(setting.text)}; it must be ${allowed}.`,
    {
      hint: "`penstock up --help` lists every flag with its default and bounds.",
    },
  );
}

function engineBytes(given: Setting): number | undefined {
  return given.text === undefined ? undefined : MIB * wholeNumber(given, 0, 64, MIB);
}

function wholeNumber(setting: Setting, fallback: number, min: number, max: number): number {
  if (setting.text === undefined) return fallback;
  const value = /^\d{1,15}$/.test(setting.text) ? Number(setting.text) : Number.NaN;
  if (!(value >= min && value <= max)) refuse(setting, `a whole number from ${min} to ${max}`);
  return value;
}

function oneOf<T extends string>(setting: Setting, fallback: T, allowed: readonly T[]): T {
  if (setting.text === undefined) return fallback;
  return allowed.find((one) => one === setting.text) ?? refuse(setting, `one of ${allowed.join(", ")}`);
}

function yesOrNo(setting: Setting, fallback: boolean): boolean {
  if (setting.text === undefined) return fallback;
  if (["1", "true", "yes", "on"].includes(setting.text)) return true;
  if (["0", "false", "no", "off"].includes(setting.text)) return false;
  return refuse(setting, "true or false");
}

function matching(setting: Setting, fallback: string, pattern: RegExp, allowed: string): string {
  if (setting.text === undefined) return fallback;
  return pattern.test(setting.text) ? setting.text : refuse(setting, allowed);
}

/** Read here, so that a wrong path is told before anything is opened. */
function certificateOf(cert: Setting, key: Setting, workingDirectory: string): RuntimeConfig["sqlCertificate"] {
  if (cert.text === undefined && key.text === undefined) return undefined;
  const missing = cert.text === undefined ? cert : key.text === undefined ? key : undefined;
  if (missing !== undefined) refuse(missing, "given as well: a certificate is of no use without its key");
  const read = (file: Setting) => {
    try {
      return readFileSync(resolve(workingDirectory, file.text!), "utf8");
    } catch (error) {
      throw new PenstockError("invalid-argument", `${file.source}: cannot read ${file.text} (${messageOf(error)}).`, {
        hint: "Give the path of a PEM file.",
        cause: error,
      });
    }
  };
  return Object.freeze({ cert: read(cert), key: read(key) });
}

function hostOf(setting: Setting): string {
  const text = setting.text?.replace(/^\[(.*)\]$/, "$1") ?? "127.0.0.1";
  return /^[\w.:-]+$/.test(text) ? text : refuse(setting, "an address or a host name to listen on, without a port");
}

function listOf(text: string | undefined): readonly string[] {
  return (text ?? "").split(/[\s,]+/).filter((part) => part !== "");
}

/** Secrets come from a file or the environment, never from a flag: everyone on the machine can read a command line. */
function readCredentials(file: string | undefined, around: ConfigSurroundings): readonly Credential[] {
  const source = file === undefined ? "PENSTOCK_CREDENTIALS" : `--credentials ${file}`;
  const entries =
    file === undefined
      ? listOf(around.environment.PENSTOCK_CREDENTIALS)
      : linesOf(resolve(around.workingDirectory, file));
  const names = new Set<string>();
  const credentials = entries.map((entry, index) => {
    const colon = entry.indexOf(":");
    const name = entry.slice(0, Math.max(colon, 0));
    const secret = entry.slice(colon + 1);
    if (!/^[\w.@-]{1,128}$/.test(name) || secret.length < SECRET_CHARS_MIN || names.has(name)) {
      // The entry itself is not repeated: it may hold the secret.
      throw new PenstockError(
        "invalid-argument",
        `${source}: entry ${index + 1} is not \`name:secret\` with a name of its own and a secret of at least ${SECRET_CHARS_MIN} characters.`,
        {
          hint: "The name serves as AWS access key id and console user, the secret as secret access key and password.",
        },
      );
    }
    names.add(name);
    return Object.freeze({ name, secret });
  });
  return Object.freeze(credentials);
}

function linesOf(path: string): readonly string[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new PenstockError("invalid-argument", `--credentials: cannot read ${path} (${messageOf(error)}).`, {
      hint: "The file holds one name:secret a line; lines that begin with # are left out.",
      cause: error,
    });
  }
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}
