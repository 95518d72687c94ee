/**
 * Redshift's SQL commands, as its documentation lists them, and what becomes of each here. docs/redshift-statements.md is written out of this list,
 * whose every statement is run: what is said to be there must run, and what is not must be refused, in the words that the document shows.
 */
import { expect, test } from "vitest";
import { alterExternal, externalHandlers } from "../../src/redshift/external/handlers.js";
import { lakeCatalog } from "../../src/redshift/external/lake-tables.js";
import { type LoadWorld, openLoadWorld } from "./copy/fixture.js";
import { WITH_SYSTEM } from "./support/database.js";

interface Command {
  readonly command: string;
  readonly supported: "yes" | "partly" | "no";
  readonly note?: string;
  /** Run one after the other; of a command that is not there, the one that is refused. */
  readonly runs: string;
}

const yes = (command: string, runs: string, note?: string): Command => ({
  command,
  supported: "yes",
  runs,
  ...(note === undefined ? {} : { note }),
});
const partly = (command: string, note: string, runs: string): Command => ({ command, supported: "partly", note, runs });
const no = (command: string, runs: string): Command => ({ command, supported: "no", runs });

const COMMANDS: readonly Command[] = [
  yes("ABORT", "BEGIN; ABORT"),
  yes("ALTER MATERIALIZED VIEW", "ALTER MATERIALIZED VIEW mv AUTO REFRESH NO"),
  yes("ALTER SCHEMA", "CREATE SCHEMA early; ALTER SCHEMA early RENAME TO later"),
  yes(
    "ALTER TABLE",
    "ALTER TABLE t ADD COLUMN added int; ALTER TABLE t DROP COLUMN added; ALTER TABLE t ALTER DISTKEY id",
  ),
  yes("ALTER TABLE APPEND", "CREATE TABLE more (LIKE t); ALTER TABLE t APPEND FROM more"),
  yes("ALTER USER", "CREATE USER eve PASSWORD 'Secret123'; ALTER USER eve CREATEDB"),
  partly(
    "ALTER DEFAULT PRIVILEGES",
    "Of tables.",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO eve",
  ),
  partly("ANALYZE", "Checks its table and columns; the engine keeps its own statistics.", "ANALYZE t"),
  yes("BEGIN", "BEGIN READ ONLY; END"),
  yes("CANCEL", "CANCEL $PID", "So does `SELECT pg_cancel_backend(pid)`; `pg_terminate_backend` ends the session."),
  yes("CLOSE", "BEGIN; DECLARE c1 CURSOR FOR SELECT 1; CLOSE c1; COMMIT"),
  yes("COMMENT", "COMMENT ON TABLE t IS 'of orders'"),
  yes("COMMIT", "BEGIN; COMMIT"),
  partly(
    "COPY",
    "See [copy.md](copy.md).",
    "UNLOAD ('SELECT id, name FROM t') TO 's3://data/one_' IAM_ROLE default CSV; COPY t (id, name) FROM 's3://data/one_' IAM_ROLE default CSV",
  ),
  yes(
    "CREATE EXTERNAL SCHEMA",
    "CREATE EXTERNAL SCHEMA outside FROM DATA CATALOG DATABASE 'own' IAM_ROLE default CREATE EXTERNAL DATABASE IF NOT EXISTS",
    "From the data catalog alone.",
  ),
  partly(
    "CREATE EXTERNAL TABLE",
    "Parquet, delimited text, CSV, JSON; AS writes Parquet or delimited text.",
    "CREATE EXTERNAL TABLE outside.copied PARTITIONED BY (name) STORED AS PARQUET LOCATION 's3://data/copied/' AS SELECT * FROM t; CREATE EXTERNAL TABLE outside.lines (id int) STORED AS PARQUET LOCATION 's3://data/lines/'",
  ),
  yes(
    "CREATE GROUP, ALTER GROUP, DROP GROUP",
    "CREATE GROUP readers WITH USER eve; GRANT SELECT ON t TO GROUP readers; ALTER GROUP readers RENAME TO lookers; DROP GROUP lookers",
  ),
  partly(
    "CREATE ROLE, DROP ROLE",
    "A role carries privileges on objects and other roles, no system permissions.",
    "CREATE ROLE loader; CREATE ROLE night; GRANT ROLE loader TO ROLE night; GRANT ROLE night TO eve; DROP ROLE night; DROP ROLE loader",
  ),
  partly(
    "CREATE MATERIALIZED VIEW",
    "AUTO REFRESH YES computes it again, whole, within seconds of a change to what it reads, and rests ten times as long as that took; REFRESH does so at once. Changes of external tables are not noticed.",
    "CREATE MATERIALIZED VIEW mv2 AS SELECT count(*) AS n FROM t",
  ),
  yes("CREATE SCHEMA", "CREATE SCHEMA IF NOT EXISTS shop"),
  yes(
    "CREATE TABLE",
    "CREATE TABLE shop.c (id bigint IDENTITY(1,1) ENCODE az64, name varchar(20) DISTKEY) COMPOUND SORTKEY (id)",
  ),
  yes("CREATE TABLE AS", "CREATE TABLE ctas DISTSTYLE EVEN AS SELECT * FROM t"),
  partly(
    "CREATE USER, DROP USER",
    "Who may come in is told by --credentials, and passwords are read past; CREATEUSER makes a superuser. See [privileges.md](privileges.md).",
    "CREATE USER adam PASSWORD DISABLE; DROP USER adam",
  ),
  yes(
    "CREATE VIEW",
    "CREATE VIEW v AS SELECT id FROM t; CREATE VIEW late AS SELECT * FROM public.t WITH NO SCHEMA BINDING",
  ),
  partly(
    "CREATE FUNCTION",
    "Scalar functions in SQL; no Python. A view that calls one does not keep it from being dropped.",
    "CREATE OR REPLACE FUNCTION plus_one(int) RETURNS int STABLE AS $$ SELECT $1 + 1 $$ LANGUAGE sql; SELECT plus_one(id) FROM t",
  ),
  yes("DROP FUNCTION", "DROP FUNCTION plus_one(int)"),
  yes("DEALLOCATE", "PREPARE p AS SELECT 1; DEALLOCATE p"),
  yes("DECLARE", "BEGIN; DECLARE c2 CURSOR FOR SELECT * FROM t; FETCH 1 FROM c2; COMMIT"),
  yes("DELETE", "DELETE FROM t USING ctas WHERE t.id = ctas.id AND ctas.id < 0"),
  yes("DROP MATERIALIZED VIEW", "DROP MATERIALIZED VIEW mv2"),
  yes("DROP SCHEMA", "DROP SCHEMA later CASCADE"),
  yes("DROP TABLE", "DROP TABLE IF EXISTS ctas, nothing"),
  yes("DROP VIEW", "DROP VIEW v"),
  yes("END", "BEGIN; END"),
  yes("EXECUTE", "PREPARE q (int) AS SELECT $1 + 1; EXECUTE q (1)"),
  partly(
    "EXPLAIN",
    "The engine's operators in Redshift's words; no costs. EXPLAIN ANALYZE of a SELECT, which Redshift has not, tells what was passed by.",
    "EXPLAIN SELECT count(*) FROM t",
  ),
  yes("FETCH", "BEGIN; DECLARE c3 CURSOR FOR SELECT 1; FETCH FORWARD ALL FROM c3; END"),
  partly(
    "GRANT, REVOKE",
    "On tables, views, schemas, all tables of a schema, the database, roles and ASSUMEROLE; not on columns or functions. Enforced where users are configured: see [privileges.md](privileges.md).",
    "GRANT SELECT ON t TO eve WITH GRANT OPTION; GRANT USAGE ON SCHEMA public TO PUBLIC; GRANT SELECT FOR TABLES IN SCHEMA public TO eve; REVOKE SELECT ON t FROM eve",
  ),
  yes("INSERT", "INSERT INTO t VALUES (1, 'one'), (2, DEFAULT); INSERT INTO t (SELECT 3, 'three')"),
  partly(
    "LOCK",
    "Checks its tables; of two transactions that change the same rows the later is refused.",
    "LOCK TABLE t",
  ),
  yes(
    "MERGE",
    "MERGE INTO t USING mv ON t.id = mv.id WHEN MATCHED THEN UPDATE SET name = 'seen' WHEN NOT MATCHED THEN INSERT VALUES (mv.id, 'new')",
  ),
  yes("PREPARE", "PREPARE r AS SELECT 1"),
  yes("REFRESH MATERIALIZED VIEW", "REFRESH MATERIALIZED VIEW mv"),
  yes("RESET", "RESET query_group"),
  yes("ROLLBACK", "BEGIN; ROLLBACK"),
  yes("SELECT", "WITH a AS (SELECT TOP 2 id FROM t) SELECT id, count(*) FROM a GROUP BY ROLLUP (id) ORDER BY 1"),
  yes("SELECT INTO", "SELECT id INTO TEMP chosen FROM t"),
  yes("SET", "SET query_group TO 'slow'"),
  yes("SHOW", "SHOW TIMEZONE; SHOW TABLES FROM SCHEMA penstock.public"),
  yes("START TRANSACTION", "START TRANSACTION ISOLATION LEVEL SERIALIZABLE; END"),
  yes("TRUNCATE", "TRUNCATE t"),
  yes("UNLOAD", "UNLOAD ('SELECT 1 AS one') TO 's3://data/two_' IAM_ROLE default PARQUET", "See [copy.md](copy.md)."),
  yes("UPDATE", "UPDATE t SET name = mv.id FROM mv WHERE t.id = mv.id"),
  partly("VACUUM", "Checks its table; the engine clears up by itself.", "VACUUM FULL t"),
  no("ALTER DATABASE", "ALTER DATABASE penstock RENAME TO other"),
  no("ALTER DATASHARE", "ALTER DATASHARE d ADD SCHEMA public"),
  no("ALTER FUNCTION", "ALTER FUNCTION f(int) OWNER TO eve"),
  no("ALTER PROCEDURE", "ALTER PROCEDURE p() OWNER TO eve"),
  no("ALTER SYSTEM", "ALTER SYSTEM SET data_catalog_auto_mount = on"),
  no("ATTACH MASKING POLICY", "ATTACH MASKING POLICY p ON t(id) TO PUBLIC"),
  no("ATTACH RLS POLICY", "ATTACH RLS POLICY p ON t TO PUBLIC"),
  no("CALL", "CALL something(1)"),
  no("CREATE DATABASE", "CREATE DATABASE other"),
  no("CREATE DATASHARE", "CREATE DATASHARE d"),
  no("CREATE EXTERNAL FUNCTION", "CREATE EXTERNAL FUNCTION f(int) RETURNS int STABLE LAMBDA 'f' IAM_ROLE default"),
  no("CREATE IDENTITY PROVIDER", "CREATE IDENTITY PROVIDER i TYPE azure"),
  no("CREATE LIBRARY", "CREATE LIBRARY l LANGUAGE plpythonu FROM 's3://data/l.zip' IAM_ROLE default"),
  no("CREATE MASKING POLICY", "CREATE MASKING POLICY p WITH (id int) USING (0)"),
  no("CREATE MODEL", "CREATE MODEL m FROM t TARGET id FUNCTION f IAM_ROLE default"),
  no("CREATE PROCEDURE", "CREATE PROCEDURE p() AS $$ BEGIN END $$ LANGUAGE plpgsql"),
  no("CREATE RLS POLICY", "CREATE RLS POLICY p WITH (id int) USING (id > 0)"),
  no("DESC DATASHARE", "DESC DATASHARE d"),
  no("DETACH RLS POLICY", "DETACH RLS POLICY p ON t FROM PUBLIC"),
  no("DROP DATABASE", "DROP DATABASE other"),
  no("DROP MODEL", "DROP MODEL m"),
  no("DROP PROCEDURE", "DROP PROCEDURE p()"),
  no("USE", "USE other"),
];

async function world(): Promise<LoadWorld> {
  const opened = await openLoadWorld((services) => ({
    handlers: externalHandlers(lakeCatalog({ name: "market", tables: [] } as never, "p-lake"), services),
    alterExternal,
    ...WITH_SYSTEM,
  }));
  await opened.run(
    "CREATE TABLE t (id int, name varchar(20)); INSERT INTO t VALUES (1, 'one'); CREATE MATERIALIZED VIEW mv AS SELECT DISTINCT id FROM t",
  );
  return opened;
}

test("each command does what the published table says", async () => {
  const on = await world();
  const other = (await (await on.another()).rows("SELECT pg_backend_pid()"))[0]!;
  const rows: string[] = [];
  for (const { command, supported, note, runs } of COMMANDS) {
    if (supported === "no") {
      const refusal = await on.error(runs);
      expect(refusal, command).toMatch(/^(0A000|42601|42883)/);
      await on.run("ROLLBACK");
      rows.push(`| ${command} | no | \`${refusal.slice(0, 5)}\` ${refusal.slice(6).split("\n")[0]} |`);
    } else {
      await expect(on.run(runs.replace("$PID", other)), command).resolves.toBeDefined();
      rows.push(`| ${command} | ${supported} | ${note ?? ""} |`);
    }
  }
  await expect(
    [
      "# Redshift's SQL commands in Penstock",
      "",
      "<!-- Written by `npx vitest run test/redshift/statements.test.ts -u` out of statements that it runs. -->",
      "",
      "What each command of Redshift's does here. One that is not there is refused by its name, with the SQLSTATE and the words in the last column.",
      "Functions stand in [redshift-functions.md](redshift-functions.md), differences of meaning in [differences.md](differences.md).",
      "",
      "| command | supported | note, or what it answers |",
      "|---|---|---|",
      ...rows,
      "",
    ].join("\n"),
  ).toMatchFileSnapshot("../../docs/redshift-statements.md");
});

test("a renamed group keeps what was granted to it; a name that is taken is refused", async () => {
  const on = await world();
  await on.run("CREATE GROUP readers; CREATE GROUP taken; GRANT SELECT ON t TO GROUP readers");
  expect(await on.error("ALTER GROUP readers RENAME TO taken")).toMatch(/^42710/);
  await on.run("ALTER GROUP readers RENAME TO lookers");
  expect(await on.rows("SELECT trim(groname) FROM pg_group ORDER BY 1")).toEqual(["lookers", "taken"]);
  expect(
    await on.rows(
      "SELECT identity_name, privilege_type FROM svv_relation_privileges WHERE relation_name = 't' AND identity_type = 'group'",
    ),
  ).toEqual(["lookers|SELECT"]);
  expect(await on.error("ALTER USER penstock RENAME TO other")).toMatch(/^0A000 session user may not be renamed/);
});

test("a session is told how many rows its newest COPY and UNLOAD moved", async () => {
  const on = await world();
  await on.run(
    "INSERT INTO t VALUES (2, 'two'); UNLOAD ('SELECT id, name FROM t') TO 's3://data/told_' IAM_ROLE default CSV",
  );
  await on.run(
    "COPY t FROM 's3://data/told_' IAM_ROLE default CSV; COPY t FROM 's3://data/told_' IAM_ROLE default CSV",
  );
  expect(await on.rows("SELECT pg_last_unload_count(), pg_last_copy_count()")).toEqual(["2|2"]);
  const newest = "SELECT max(query_id) FROM sys_query_history WHERE query_text LIKE 'COPY %'";
  expect(await on.rows(newest)).toEqual(await on.rows("SELECT pg_last_copy_id()"));
});
