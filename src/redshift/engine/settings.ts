/** A session's settings: Redshift's own with their defaults, those that drivers expect to find, and names with a dot, which anyone may make up. */
import { SQL_STATE, SqlError } from "../sql-error.js";
import { zoneOffset } from "./time-zone.js";

export interface Settings {
  get(name: string): string | undefined;
  /** Throws 42704 for an unknown name, 22023 for a value that it does not take, 0A000 and 55P02 for what cannot be changed. */
  set(name: string, value: string | undefined, options?: { readonly local?: boolean }): void;
  resetAll(): void;
  /** In the order of names. */
  all(): readonly { readonly name: string; readonly value: string; readonly description: string }[];
  /** Grows with each change, so that what was bound by the older values is bound again. */
  readonly version: number;
  /** What a transaction that begins will come back to. */
  begin(): void;
  end(outcome: "commit" | "rollback"): void;
  onChange(listener: (name: string, value: string) => void): void;
}

interface Definition {
  readonly value: string;
  readonly about: string;
  /** Answers the value as it is kept; throws what is wrong with it. */
  readonly check?: (value: string, name: string) => string;
}

export const SEARCH_PATH_DEFAULT = "$user, public";

const boolean = (value: string, name: string): string => {
  const word = value.toLowerCase();
  if (["on", "true", "t", "yes", "1"].includes(word)) return "on";
  if (["off", "false", "f", "no", "0"].includes(word)) return "off";
  throw invalid(name, value, `parameter "${name}" requires a Boolean value`);
};
const wholeNumber = (value: string, name: string): string => {
  if (!/^-?\d+$/.test(value)) throw invalid(name, value, `parameter "${name}" requires an integer value`);
  return value;
};
const fixed =
  (...allowed: readonly string[]) =>
  (value: string, name: string): string => {
    const found = allowed.find((one) => one.toLowerCase() === value.toLowerCase());
    if (found === undefined) throw invalid(name, value, undefined, `Allowed: ${allowed.join(", ")}.`);
    return found;
  };
const constant = (_: string, name: string): string => {
  throw new SqlError("55P02", `parameter "${name}" cannot be changed`);
};
/** Names are folded to lower case here always: the other way would need another binder. */
const alwaysOff = (value: string, name: string): string => {
  if (boolean(value, name) === "off") return "off";
  throw new SqlError(SQL_STATE.featureNotSupported, `${name} cannot be turned on`, {
    hint: "Names are folded to lower case, as Redshift does by default.",
  });
};
const superFixed =
  (only: "on" | "off") =>
  (value: string, name: string): string => {
    if (boolean(value, name) === only) return only;
    throw new SqlError(SQL_STATE.featureNotSupported, `${name} is always ${only}`, {
      hint: "Paths that lead nowhere and casts that fail are NULL, and text that is no JSON is an error, as Redshift has it by default.",
    });
  };
const isolation = (value: string, name: string): string => {
  const word = value.toLowerCase();
  if (!["serializable", "snapshot", "repeatable read", "read committed", "read uncommitted"].includes(word))
    throw invalid(name, value);
  return word;
};
const timeZone = (value: string, name: string): string => {
  const word = value.trim();
  if (/^(default|local)$/i.test(word)) return "UTC";
  if (zoneOffset(word) === undefined) throw invalid(name, value, undefined, "Names are like UTC, Europe/Athens, +02.");
  return /^utc$/i.test(word) ? "UTC" : word;
};
const duration = (value: string, name: string): string => {
  const found = /^(\d+)\s*(ms|s|min|h|d)?$/.exec(value.trim());
  if (found === null) throw invalid(name, value, undefined, "Milliseconds, or a number with ms, s, min, h, d.");
  const factor = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 }[found[2] ?? "ms"] ?? 1;
  return String(Number(found[1]) * factor);
};
const dateStyle = (value: string, name: string): string => {
  const words = value
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean);
  if (words.length === 0 || !words.every((word) => /^(iso|dmy|mdy|ymd|default|us|european|noneuropean)$/.test(word)))
    throw invalid(name, value, undefined, "Dates are written as ISO only; the order is MDY, DMY or YMD.");
  const order = words.find((word) => /^(dmy|mdy|ymd)$/.test(word))?.toUpperCase() ?? "MDY";
  return `ISO, ${order}`;
};

const DEFINITIONS: Readonly<Record<string, Definition>> = {
  analyze_threshold_percent: { value: "10", about: "Part of a table that must change before ANALYZE reads it again." },
  application_name: { value: "", about: "The client's own name for itself." },
  auto_analyze: { value: "on", about: "Statistics are kept by the engine itself.", check: boolean },
  auto_mv: { value: "on", about: "Accepted; no views are made by themselves.", check: boolean },
  cast_super_null_on_error: { value: "on", about: "Casts of SUPER that fail are NULL.", check: superFixed("on") },
  client_encoding: { value: "UTF8", about: "Texts come and go as UTF-8.", check: encoding },
  client_min_messages: { value: "notice", about: "Accepted; all notices are told." },
  cursor_tuple_fraction: { value: "0.1", about: "Accepted." },
  datashare_enabled: { value: "off", about: "There are no data shares.", check: constant },
  datestyle: { value: "ISO, MDY", about: "How dates are written and read.", check: dateStyle },
  default_array_search_null_handling: {
    value: "on",
    about: "ARRAY_CONTAINS, ARRAY_POSITION and ARRAY_POSITIONS find NULLs.",
    check: boolean,
  },
  default_transaction_isolation: { value: "serializable", about: "Accepted.", check: isolation },
  default_transaction_read_only: { value: "off", about: "New transactions may not write.", check: boolean },
  describe_field_name_in_uppercase: { value: "off", about: "Names of result columns in upper case.", check: boolean },
  downcase_delimited_identifier: { value: "on", about: "Quoted names are folded too.", check: boolean },
  enable_case_sensitive_identifier: { value: "off", about: "Names keep their case.", check: alwaysOff },
  enable_case_sensitive_super_attribute: { value: "off", about: "SUPER paths keep their case.", check: alwaysOff },
  enable_numeric_rounding: { value: "on", about: "Accepted.", check: boolean },
  enable_result_cache_for_session: { value: "on", about: "Accepted; results are not cached.", check: boolean },
  enable_vacuum_boost: { value: "off", about: "Accepted.", check: boolean },
  error_on_nondeterministic_update: { value: "off", about: "Accepted.", check: boolean },
  external_database: { value: "off", about: "There are no other databases.", check: constant },
  extra_float_digits: { value: "0", about: "Accepted; floats are written in full.", check: wholeNumber },
  idle_in_transaction_session_timeout: {
    value: "600000",
    about: "Milliseconds that a transaction may be idle for.",
    check: duration,
  },
  idle_session_timeout: { value: "0", about: "Accepted.", check: duration },
  integer_datetimes: { value: "on", about: "Times are whole numbers.", check: constant },
  intervalstyle: { value: "postgres", about: "How intervals are written.", check: fixed("postgres") },
  interval_forbid_composite_literals: { value: "off", about: "Accepted.", check: boolean },
  json_serialization_enable: { value: "off", about: "Accepted.", check: boolean },
  json_serialization_parse_nested_strings: { value: "off", about: "Accepted.", check: boolean },
  is_superuser: { value: "on", about: "Whether the user may do everything.", check: constant },
  lock_timeout: { value: "0", about: "Accepted.", check: duration },
  max_concurrency_scaling_clusters: { value: "1", about: "Accepted." },
  max_cursor_result_set_size: { value: "0", about: "Accepted." },
  max_index_keys: { value: "32", about: "PostgreSQL's.", check: constant },
  mv_enable_aqmv_for_session: { value: "on", about: "Accepted.", check: boolean },
  navigate_super_null_on_error: { value: "on", about: "Paths that lead nowhere are NULL.", check: superFixed("on") },
  parse_super_null_on_error: { value: "off", about: "Text that is no JSON is an error.", check: superFixed("off") },
  pg_federation_repeatable_read: { value: "on", about: "Accepted.", check: boolean },
  query_group: { value: "default", about: "A label for the session's statements." },
  readonly: {
    value: "off",
    about: "Accepted: Redshift's JDBC driver says by it that it means to read.",
    check: boolean,
  },
  role: { value: "none", about: "Accepted." },
  search_path: { value: SEARCH_PATH_DEFAULT, about: "Schemas in which bare names are looked for." },
  server_encoding: { value: "UTF8", about: "Texts are kept as UTF-8.", check: constant },
  server_version: { value: "8.0.2", about: "PostgreSQL's version that Redshift began from.", check: constant },
  server_version_num: { value: "80002", about: "The same as a number.", check: constant },
  session_authorization: { value: "penstock", about: "The user." },
  spectrum_enable_pseudo_columns: { value: "on", about: "Accepted.", check: boolean },
  spectrum_query_maxerror: { value: "-1", about: "Accepted.", check: wholeNumber },
  standard_conforming_strings: { value: "off", about: "A backslash in a text begins an escape.", check: offOnly },
  statement_timeout: { value: "0", about: "Milliseconds that a statement may take.", check: duration },
  stored_proc_log_min_messages: { value: "LOG", about: "Accepted." },
  timezone: { value: "UTC", about: "Of TIMESTAMPTZ, read and written.", check: timeZone },
  timezone_abbreviations: { value: "Default", about: "Accepted." },
  transaction_isolation: {
    value: "serializable",
    about: "Every transaction sees one state of the data.",
    check: isolation,
  },
  transaction_read_only: { value: "off", about: "This transaction may not write.", check: boolean },
  use_fips_ssl: { value: "off", about: "Accepted.", check: boolean },
  wlm_query_slot_count: { value: "1", about: "Accepted.", check: wholeNumber },
};

function encoding(value: string, name: string): string {
  if (/^'?(utf-?8|unicode)'?$/i.test(value.trim())) return "UTF8";
  throw invalid(name, value, undefined, "Only UTF8 is spoken here.");
}

function offOnly(value: string, name: string): string {
  if (boolean(value, name) === "off") return "off";
  throw invalid(name, value, undefined, "It is always off: double the backslashes of a text.");
}

function invalid(name: string, value: string, message?: string, hint?: string): SqlError {
  return new SqlError(
    SQL_STATE.invalidParameterValue,
    message ?? `invalid value for parameter "${name}": "${value}"`,
    hint === undefined ? {} : { hint },
  );
}

/** `start` holds those that the connection brought: none of them is refused for its name, as drivers send many. */
export function openSettings(user: string, start: Readonly<Record<string, string>>, superuser = true): Settings {
  const initial = new Map(Object.entries(DEFINITIONS).map(([name, { value }]) => [name, value]));
  initial.set("session_authorization", user);
  if (!superuser) initial.set("is_superuser", "off");
  for (const [key, value] of Object.entries(start)) {
    const name = key.toLowerCase();
    const definition = DEFINITIONS[name];
    // What a client proposes for a constant is no reason to turn it away.
    if (definition?.check === constant) continue;
    initial.set(name, definition?.check?.(value, name) ?? value);
  }
  const listeners: ((name: string, value: string) => void)[] = [];
  let values: ReadonlyMap<string, string> = new Map(initial);
  let before: ReadonlyMap<string, string> | undefined;
  /** As they were, for those that were set for the transaction alone. */
  const locals = new Map<string, string | undefined>();
  let version = 0;

  function put(next: ReadonlyMap<string, string>): void {
    const changed = [...next].filter(([name, value]) => values.get(name) !== value);
    const gone = [...values.keys()].some((name) => !next.has(name));
    if (changed.length === 0 && !gone) return;
    values = next;
    version++;
    for (const [name, value] of changed) for (const listener of listeners) listener(name, value);
  }

  function set(name: string, value: string | undefined, options: { readonly local?: boolean } = {}): void {
    const key = name.toLowerCase();
    const definition = DEFINITIONS[key];
    if (definition === undefined && !key.includes(".") && !initial.has(key)) throw unknownSetting(name);
    const kept = value === undefined ? (initial.get(key) ?? "") : (definition?.check?.(value, key) ?? value);
    if (options.local === true) {
      if (!locals.has(key)) locals.set(key, values.get(key));
    } else locals.delete(key);
    put(new Map(values).set(key, kept));
  }

  return {
    get version() {
      return version;
    },
    get: (name) => values.get(name.toLowerCase()),
    set,
    resetAll() {
      locals.clear();
      put(new Map(initial));
    },
    all: () =>
      [...values]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, value]) => ({ name, value, description: DEFINITIONS[name]?.about ?? "" })),
    begin() {
      before = values;
      locals.clear();
    },
    end(outcome) {
      if (before === undefined) return;
      const kept = outcome === "rollback" ? before : withoutLocals(values, locals);
      before = undefined;
      locals.clear();
      put(kept);
    },
    onChange(listener) {
      listeners.push(listener);
    },
  };
}

export function unknownSetting(name: string): SqlError {
  return new SqlError(SQL_STATE.undefinedObject, `unrecognized configuration parameter "${name}"`, {
    hint: "SHOW ALL lists them. A name with a dot in it may be made up.",
  });
}

function withoutLocals(
  values: ReadonlyMap<string, string>,
  locals: ReadonlyMap<string, string | undefined>,
): ReadonlyMap<string, string> {
  if (locals.size === 0) return values;
  const next = new Map(values);
  for (const [name, value] of locals) {
    if (value === undefined) next.delete(name);
    else next.set(name, value);
  }
  return next;
}

/** The schemas of `search_path`. `$user` is the user's own where there is one of that name, but never Penstock's, which the default user is called like. */
export function schemasOf(searchPath: string, user: string): readonly string[] {
  return searchPath
    .split(",")
    .map((name) => name.trim().replace(/^(["'])(.*)\1$/, "$2"))
    .map((name) => (name === "$user" ? (user === "penstock" ? "" : user) : name.toLowerCase()))
    .filter((name) => name !== "");
}
