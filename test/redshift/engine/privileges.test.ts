import { expect, test } from "vitest";
import { openTestDatabase, type TestSession, WITH_SYSTEM } from "../support/database.js";

const DENIED = (name: string) => `42501 permission denied for relation ${name}`;
const NOT_OWNER = (name: string) => `42501 must be owner of relation ${name}`;

async function world() {
  const database = await openTestDatabase({ ...WITH_SYSTEM, users: ["admin", "reader", "writer"] });
  const as = (user: string) => database.session({ user, actor: user });
  const [admin, reader, writer] = [await as("admin"), await as("reader"), await as("writer")];
  await admin.run("CREATE TABLE orders (id int, name varchar(20)); INSERT INTO orders VALUES (1, 'one'), (2, 'two')");
  return { database, as, admin, reader, writer };
}

/** Each statement's answer: `ok`, or the error. */
async function answers(session: TestSession, statements: readonly string[]) {
  const found: [string, string][] = [];
  for (const sql of statements) {
    const answer = await session.run(sql).then(
      () => "ok",
      (error: { state: string; message: string }) => `${error.state} ${error.message}`,
    );
    found.push([sql, answer]);
  }
  return found;
}

test("what nobody granted is refused, table by table and verb by verb", async () => {
  const { admin, reader } = await world();
  const statements = [
    "SELECT * FROM orders",
    "SELECT count(*) FROM (SELECT 1 FROM orders)",
    "WITH orders AS (SELECT * FROM public.orders) SELECT * FROM orders",
    "WITH RECURSIVE walk (id) AS (SELECT id FROM orders UNION ALL SELECT id + 1 FROM walk WHERE id < 3) SELECT * FROM walk",
    "EXPLAIN SELECT * FROM orders",
    "INSERT INTO orders VALUES (3, 'three')",
    "UPDATE orders SET name = 'x'",
    "DELETE FROM orders",
    "CREATE TABLE mine AS SELECT * FROM orders",
    "CREATE TABLE mine (LIKE orders)",
    "SELECT * INTO mine FROM orders",
    "CREATE VIEW mine AS SELECT * FROM orders",
    "CREATE MATERIALIZED VIEW mine AS SELECT * FROM orders",
  ];
  expect(await answers(reader, statements)).toEqual(statements.map((sql) => [sql, DENIED("orders")]));
  expect(await reader.error("PREPARE p AS SELECT * FROM orders; EXECUTE p")).toBe(DENIED("orders"));
  expect(await reader.error("BEGIN; DECLARE c CURSOR FOR SELECT * FROM orders")).toBe(DENIED("orders"));
  await reader.run("ROLLBACK");
  const owners = [
    "TRUNCATE orders",
    "DROP TABLE orders",
    "ALTER TABLE orders ADD COLUMN more int",
    "ALTER TABLE orders RENAME TO mine",
    "ALTER TABLE orders OWNER TO reader",
    "COMMENT ON TABLE orders IS 'mine'",
  ];
  expect(await answers(reader, owners)).toEqual(owners.map((sql) => [sql, NOT_OWNER("orders")]));
  expect(await admin.rows("SELECT count(*) FROM orders")).toEqual(["2"]);
});

test("a privilege is in force with the next statement, and gone with it", async () => {
  const { admin, reader } = await world();
  await admin.run("GRANT SELECT ON orders TO reader");
  expect(await reader.rows("SELECT count(*) FROM orders")).toEqual(["2"]);
  const prepared = await reader.session.prepare(reader.session.parse("SELECT id FROM orders")[0]!);
  await admin.run("REVOKE SELECT ON orders FROM reader");
  await expect(reader.session.execute(prepared)).rejects.toMatchObject({ state: "42501" });
  await admin.run("BEGIN; GRANT SELECT ON orders TO reader; ROLLBACK");
  expect(await reader.error("SELECT * FROM orders")).toBe(DENIED("orders"));
});

test("each privilege lets its verb alone through; rows that are chosen are read", async () => {
  const { admin, writer } = await world();
  await admin.run("GRANT INSERT, UPDATE ON orders TO writer");
  const statements = [
    "INSERT INTO orders VALUES (3, 'three')",
    "UPDATE orders SET name = 'x'",
    "UPDATE orders SET name = 'y' WHERE id = 1",
    "UPDATE orders SET name = name || '!'",
    "DELETE FROM orders",
    "SELECT * FROM orders",
  ];
  expect((await answers(writer, statements)).map(([, answer]) => answer)).toEqual([
    "ok",
    "ok",
    ...Array(4).fill(DENIED("orders")),
  ]);
  await admin.run("GRANT SELECT, DELETE, TRUNCATE ON orders TO writer");
  await writer.run("UPDATE orders SET name = 'y' WHERE id = 1; DELETE FROM orders WHERE id = 2; TRUNCATE orders");
  await admin.run("GRANT ALTER, DROP ON orders TO writer");
  await writer.run("ALTER TABLE orders ADD COLUMN more int; DROP TABLE orders");
});

test("MERGE needs what its parts need", async () => {
  const { admin, writer } = await world();
  await admin.run("CREATE TABLE news (id int, name varchar(20)); GRANT SELECT ON news, orders TO writer");
  const merge =
    "MERGE INTO orders USING news ON orders.id = news.id WHEN MATCHED THEN UPDATE SET name = news.name WHEN NOT MATCHED THEN INSERT VALUES (news.id, news.name)";
  expect(await writer.error(merge)).toBe(DENIED("orders"));
  await admin.run("GRANT UPDATE ON orders TO writer");
  expect(await writer.error(merge)).toBe(DENIED("orders"));
  await admin.run("GRANT INSERT ON orders TO writer");
  await writer.run(merge);
  await admin.run("REVOKE SELECT ON news FROM writer");
  expect(await writer.error(merge)).toBe(DENIED("news"));
});

test("a view reads by its owner's rights, and by nobody else's", async () => {
  const { admin, reader, writer } = await world();
  await admin.run(
    "CREATE VIEW totals AS SELECT count(*) AS n FROM orders; CREATE VIEW over AS SELECT * FROM totals; CREATE VIEW late AS SELECT * FROM public.orders WITH NO SCHEMA BINDING; GRANT SELECT ON over, late TO reader",
  );
  expect(await reader.rows("SELECT n FROM over")).toEqual(["2"]);
  expect(await reader.rows("SELECT id FROM late ORDER BY 1")).toEqual(["1", "2"]);
  expect(await reader.error("SELECT * FROM totals")).toBe(DENIED("totals"));
  // A late-binding one may be made over anything: it reads what its owner may.
  await writer.run(
    "CREATE VIEW mine AS SELECT * FROM public.orders WITH NO SCHEMA BINDING; GRANT SELECT ON mine TO reader",
  );
  expect(await writer.error("SELECT * FROM mine")).toBe(DENIED("orders"));
  expect(await reader.error("SELECT * FROM mine")).toBe(DENIED("orders"));
  expect(await writer.error("ALTER VIEW mine OWNER TO admin")).toMatch(/^42501 must be superuser/);
  expect(await writer.error("ALTER TABLE mine OWNER TO penstock")).toMatch(/^42501 must be superuser/);
  // Not even a superuser reads through it what its owner may not.
  expect(await admin.error("SELECT * FROM mine")).toBe(DENIED("orders"));
  expect(await writer.error("CREATE OR REPLACE VIEW late AS SELECT 1 AS id")).toBe(NOT_OWNER("late"));
});

test("a materialized view is filled by its owner's rights, whoever asks for it", async () => {
  const { admin, writer, reader } = await world();
  await admin.run("GRANT SELECT ON orders TO writer");
  await writer.run("CREATE MATERIALIZED VIEW mv AS SELECT count(*) AS n FROM orders; GRANT SELECT ON mv TO reader");
  expect(await reader.rows("SELECT n FROM mv")).toEqual(["2"]);
  expect(await reader.error("REFRESH MATERIALIZED VIEW mv")).toBe(NOT_OWNER("mv"));
  await admin.run("REVOKE SELECT ON orders FROM writer");
  expect(await writer.error("REFRESH MATERIALIZED VIEW mv")).toBe(DENIED("orders"));
  expect(await admin.error("REFRESH MATERIALIZED VIEW mv")).toBe(DENIED("orders"));
});

test("schemas want USAGE to be read in and CREATE to be made in", async () => {
  const { admin, reader } = await world();
  await admin.run("CREATE SCHEMA shop; CREATE TABLE shop.t (a int); GRANT ALL ON shop.t TO reader");
  expect(await reader.error("SELECT * FROM shop.t")).toBe("42501 permission denied for schema shop");
  await admin.run("GRANT USAGE ON SCHEMA shop TO reader");
  expect(await reader.rows("SELECT * FROM shop.t")).toEqual([]);
  expect(await reader.error("CREATE TABLE shop.mine (a int)")).toBe("42501 permission denied for schema shop");
  expect(await reader.error("DROP SCHEMA shop CASCADE")).toBe("42501 must be owner of schema shop");
  await admin.run("GRANT CREATE ON SCHEMA shop TO reader");
  await reader.run("CREATE TABLE shop.mine (a int); DROP TABLE shop.mine");
  expect(await reader.error("CREATE SCHEMA own")).toBe("42501 permission denied for database penstock");
  await admin.run("GRANT CREATE ON DATABASE penstock TO reader");
  await reader.run("CREATE SCHEMA own; CREATE TABLE own.t (a int)");
  // PUBLIC may make tables in public until that is taken from it.
  await reader.run("CREATE TABLE here (a int); CREATE TEMP TABLE passing (a int)");
  await admin.run("REVOKE CREATE ON SCHEMA public FROM PUBLIC; REVOKE TEMP ON DATABASE penstock FROM PUBLIC");
  expect(await reader.error("CREATE TABLE there (a int)")).toBe("42501 permission denied for schema public");
  expect(await reader.error("CREATE TEMP TABLE t (a int)")).toMatch(/^42501 permission denied to create temporary/);
  await admin.run("GRANT CREATE ON SCHEMA public TO PUBLIC");
  await reader.run("CREATE TABLE there (a int)");
});

test("groups, roles and roles of roles carry their privileges; all of it survives a restart", async () => {
  const { database, admin, reader } = await world();
  await admin.run(
    "CREATE GROUP staff WITH USER reader; GRANT SELECT ON orders TO GROUP staff; CREATE ROLE inner_role; CREATE ROLE outer_role; GRANT ROLE inner_role TO ROLE outer_role; GRANT ROLE outer_role TO writer; GRANT INSERT ON orders TO ROLE inner_role",
  );
  expect(await reader.rows("SELECT count(*) FROM orders")).toEqual(["2"]);
  const again = await database.reopen();
  const [late, other, boss] = await Promise.all(
    ["reader", "writer", "admin"].map((user) => again.session({ user, actor: user })),
  );
  expect(await late!.rows("SELECT count(*) FROM orders")).toEqual(["2"]);
  await other!.run("INSERT INTO orders VALUES (3, 'three')");
  expect(await other!.error("SELECT * FROM orders")).toBe(DENIED("orders"));
  await boss!.run("ALTER GROUP staff DROP USER reader; REVOKE ROLE outer_role FROM writer");
  expect(await late!.error("SELECT * FROM orders")).toBe(DENIED("orders"));
  expect(await other!.error("INSERT INTO orders VALUES (4, 'four')")).toBe(DENIED("orders"));
});

test("tables that are to come: of a schema, and by default", async () => {
  const { admin, reader, writer } = await world();
  await admin.run(
    "CREATE SCHEMA shop; GRANT USAGE, CREATE ON SCHEMA shop TO reader, writer; CREATE TABLE shop.a (x int)",
  );
  await admin.run("GRANT SELECT ON ALL TABLES IN SCHEMA shop TO reader; CREATE TABLE shop.b (x int)");
  await reader.run("SELECT * FROM shop.a");
  expect(await reader.error("SELECT * FROM shop.b")).toBe(DENIED("b"));
  await writer.run(
    "ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO reader; CREATE TABLE shop.c (x int)",
  );
  await reader.run("SELECT * FROM shop.c");
  await writer.run("CREATE TABLE elsewhere (x int)");
  expect(await reader.error("SELECT * FROM elsewhere")).toBe(DENIED("elsewhere"));
  expect(await reader.error("ALTER DEFAULT PRIVILEGES FOR USER admin GRANT SELECT ON TABLES TO reader")).toMatch(
    /^42501 must be superuser/,
  );
  await admin.run("GRANT SELECT FOR TABLES IN SCHEMA shop TO reader; CREATE TABLE shop.d (x int)");
  await reader.run("SELECT * FROM shop.d; SELECT * FROM shop.b");
});

test("privileges are granted by owners, superusers, and whom they let grant them on", async () => {
  const { admin, reader, writer } = await world();
  expect(await reader.error("GRANT SELECT ON orders TO reader")).toBe(DENIED("orders"));
  expect(await reader.error("GRANT USAGE ON SCHEMA public TO PUBLIC")).toBe(
    "42501 permission denied for schema public",
  );
  expect(await reader.error("GRANT CREATE ON DATABASE penstock TO reader")).toMatch(/^42501 must be superuser/);
  await admin.run("GRANT SELECT ON orders TO writer WITH GRANT OPTION");
  await writer.run("GRANT SELECT ON orders TO reader");
  expect(await writer.error("GRANT INSERT ON orders TO reader")).toBe(DENIED("orders"));
  expect(await reader.error("GRANT SELECT ON orders TO PUBLIC")).toBe(DENIED("orders"));
  expect(await admin.error("GRANT SELECT (id) ON orders TO reader")).toMatch(/^0A000 privileges on columns/);
  expect(await admin.error("GRANT TREAD ON orders TO reader")).toMatch(/^0LP01 invalid privilege type TREAD/);
});

test("users are a superuser's to make, and a superuser can be made", async () => {
  const { admin, reader, writer } = await world();
  const statements = [
    "CREATE USER friend PASSWORD 'Secret123'",
    "CREATE USER friend CREATEUSER",
    "ALTER USER reader CREATEUSER",
    "ALTER USER writer PASSWORD 'Secret123'",
    "DROP USER writer",
    "CREATE GROUP g",
    "CREATE ROLE r",
    "GRANT ROLE r TO reader",
    "ALTER DEFAULT PRIVILEGES FOR USER admin GRANT ALL ON TABLES TO reader",
  ];
  await admin.run("CREATE ROLE r");
  for (const [sql, answer] of await answers(reader, statements))
    expect([sql, answer]).toEqual([sql, expect.stringMatching(/^42501 must be superuser to /)]);
  await reader.run("ALTER USER reader PASSWORD 'Secret123'");
  await admin.run("ALTER USER writer CREATEUSER");
  await writer.run("CREATE USER friend; SELECT * FROM orders; DROP USER friend");
  await admin.run("ALTER USER writer NOCREATEUSER");
  expect(await writer.error("SELECT * FROM orders")).toBe(DENIED("orders"));
  expect(await admin.error("DROP USER reader")).toMatch(/^55006 user "reader" cannot be dropped/);
  await admin.run("CREATE USER temp_owner; CREATE TABLE theirs (a int); ALTER TABLE theirs OWNER TO temp_owner");
  expect(await admin.error("DROP USER temp_owner")).toMatch(/^2BP01 user "temp_owner" cannot be dropped because some/);
});

test("a session is opened as another user by superusers alone, and as nobody that is not there", async () => {
  const { database, admin } = await world();
  const open = (user: string, actor: string) => database.session({ user, actor });
  await expect(open("admin", "reader")).rejects.toMatchObject({ state: "42501" });
  await expect(open("penstock", "reader")).rejects.toMatchObject({ state: "42501" });
  await expect(open("nobody", "admin")).rejects.toMatchObject({ state: "28000" });
  await admin.run("GRANT SELECT ON orders TO reader");
  expect(await (await open("reader", "admin")).rows("SELECT current_user, count(*) FROM orders")).toEqual(["reader|2"]);
});

test("sessions and queries of others are neither stopped nor seen", async () => {
  const { admin, reader } = await world();
  const pid = admin.session.processId;
  for (const sql of [`CANCEL ${pid}`, `SELECT pg_terminate_backend(${pid})`, `SELECT pg_cancel_backend(${pid})`])
    expect(await reader.error(sql)).toBe("42501 must be superuser to signal other server processes");
  await admin.run("SELECT 'a secret of the administrator'");
  const seen = "SELECT count(*) FROM sys_query_history WHERE query_text LIKE '%a secret of ' || 'the adm%'";
  expect(await reader.rows(seen)).toEqual(["0"]);
  expect(await reader.rows("SELECT count(DISTINCT user_name) FROM stv_sessions")).toEqual(["1"]);
  expect(await admin.rows(seen)).not.toEqual(["0"]);
});

test("without users nobody is asked for anything", async () => {
  const database = await openTestDatabase();
  const anybody = await database.session({ user: "anybody" });
  const other = await database.session({ user: "other" });
  await anybody.run("CREATE TABLE t (a int); CREATE USER u; CREATE SCHEMA s");
  await other.run("SELECT * FROM t; DROP TABLE t; GRANT ALL ON SCHEMA s TO u");
});
