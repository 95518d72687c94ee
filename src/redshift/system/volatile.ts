/** Statements, sessions and settings: views over variables that a session sets before it reads them (session-state.ts). */
export const VOLATILE_VARIABLES = {
  queries: "penstock_queries",
  sessions: "penstock_sessions",
  settings: "penstock_settings",
} as const;

/** Whose loads alone are seen; NULL for a superuser, who sees all. */
export const READER_VARIABLE = "penstock_reader";
/** How statements are known that read them. */
export const SEEN_PREFIX = "penstock_catalog.seen_";

/** The views over them, as statements that read them have their names. */
export const VOLATILE_VIEW_NAMES: Readonly<Record<keyof typeof VOLATILE_VARIABLES, string>> = {
  queries: "penstock_catalog.queries",
  sessions: "penstock_catalog.sessions",
  settings: "penstock_catalog.session_settings",
};

const QUERY_SHAPE = {
  id: "BIGINT",
  sql: "VARCHAR",
  verb: "VARCHAR",
  user_name: "VARCHAR",
  process_id: "INTEGER",
  transaction_id: "BIGINT",
  application_name: "VARCHAR",
  query_group: "VARCHAR",
  started_ms: "BIGINT",
  duration_us: "BIGINT",
  state: "VARCHAR",
  rows: "BIGINT",
  error: "VARCHAR",
} as const;

const SESSION_SHAPE = {
  process_id: "INTEGER",
  user_name: "VARCHAR",
  application_name: "VARCHAR",
  remote: "VARCHAR",
  started_ms: "BIGINT",
  state: "VARCHAR",
  query_text: "VARCHAR",
} as const;

/** Of a statement's text in one row of STL_QUERYTEXT and its like. */
const PART_CHARS = 200;

/** A variable's list of JSON, NULL where it is unset. */
const list = (variable: string, shape: Readonly<Record<string, unknown>>) =>
  `(SELECT unnest(from_json(coalesce(CAST(getvariable('${variable}') AS VARCHAR), '[]'), '[${JSON.stringify(shape)}]')) AS item)`;

export const VOLATILE_VIEWS: readonly string[] = [
  ...["load_history", "unload_history"].map(
    (table) =>
      `CREATE OR REPLACE VIEW ${SEEN_PREFIX}${table} AS
     SELECT * FROM penstock_catalog.${table} WHERE user_name = coalesce(CAST(getvariable('${READER_VARIABLE}') AS VARCHAR), user_name)`,
  ),
  `CREATE OR REPLACE VIEW penstock_catalog.queries AS
     SELECT item.id AS id, item.sql AS sql, item.verb AS verb, item.user_name AS user_name, item.process_id AS process_id, item.transaction_id AS transaction_id,
       item.application_name AS application_name, nullif(item.query_group, '') AS query_group, make_timestamp(item.started_ms * 1000) AS started_at,
       make_timestamp(item.started_ms * 1000 + item.duration_us) AS ended_at, item.duration_us AS duration_us, item.state AS state, item."rows" AS "rows",
       item.error AS error, item.relations AS relations
     FROM ${list(VOLATILE_VARIABLES.queries, { ...QUERY_SHAPE, relations: [{ oid: "INTEGER", schema: "VARCHAR", name: "VARCHAR" }] })} AS q`,
  `CREATE OR REPLACE VIEW penstock_catalog.query_parts AS
     SELECT id, sequence, substr(sql, sequence * ${PART_CHARS} + 1, ${PART_CHARS}) AS text
     FROM (SELECT id, sql, unnest(generate_series(0, (greatest(length(sql), 1) - 1) // ${PART_CHARS})) AS sequence FROM penstock_catalog.queries) AS p`,
  `CREATE OR REPLACE VIEW penstock_catalog.sessions AS
     SELECT item.process_id AS process_id, item.user_name AS user_name, item.application_name AS application_name, item.remote AS remote,
       make_timestamptz(item.started_ms * 1000) AS started_at, item.state AS state, item.query_text AS query_text
     FROM ${list(VOLATILE_VARIABLES.sessions, SESSION_SHAPE)} AS s`,
  `CREATE OR REPLACE VIEW penstock_catalog.session_settings AS
     SELECT item.name AS name, item.setting AS setting FROM ${list(VOLATILE_VARIABLES.settings, { name: "VARCHAR", setting: "VARCHAR" })} AS s`,
];
