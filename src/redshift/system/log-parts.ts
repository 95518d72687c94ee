/** What the views of statements and loads are made of. */

export const DATABASE = "'penstock'";
export const USER = (of: string) => `penstock_catalog.user_oid(${of}.user_name)`;
export const QUERIES = "penstock_catalog.queries AS q";
export const PARTS = "penstock_catalog.queries AS q JOIN penstock_catalog.query_parts AS p ON p.id = q.id";
export const LOADS = "penstock_catalog.seen_load_history AS h";
export const MICROSECONDS = "date_diff('microsecond', h.started_at, h.ended_at)";
/** Statements that SYS_QUERY_HISTORY calls by other words than their own. */
export const QUERY_TYPE = `CASE WHEN q.verb IN ('SELECT', 'WITH', 'VALUES', 'FETCH') THEN 'SELECT' WHEN q.verb IN ('INSERT', 'UPDATE', 'DELETE', 'MERGE') THEN q.verb WHEN q.verb = 'COPY' THEN 'COPY' WHEN q.verb = 'UNLOAD' THEN 'UNLOAD' WHEN q.verb = 'CREATE TABLE AS' THEN 'CTAS' WHEN q.verb LIKE 'CREATE%' OR q.verb LIKE 'ALTER%' OR q.verb LIKE 'DROP%' OR q.verb IN ('TRUNCATE', 'COMMENT', 'GRANT', 'REVOKE') THEN 'DDL' ELSE 'UTILITY' END`;
export const IS_DDL =
  "(q.verb LIKE 'CREATE%' OR q.verb LIKE 'ALTER%' OR q.verb LIKE 'DROP%' OR q.verb IN ('TRUNCATE', 'COMMENT', 'GRANT', 'REVOKE'))";
export const IS_QUERY =
  "q.verb IN ('SELECT', 'WITH', 'VALUES', 'INSERT', 'UPDATE', 'DELETE', 'MERGE', 'COPY', 'UNLOAD', 'CREATE TABLE AS', 'FETCH')";
export const ABORTED = "CASE WHEN q.state IN ('failed', 'canceled') THEN 1 ELSE 0 END";
