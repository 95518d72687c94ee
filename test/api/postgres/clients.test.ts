import pg from "pg";
import postgres from "postgres";
import { describe, expect, onTestFinished, test } from "vitest";
import { openWire, type Wire } from "./wire.js";

async function pgClient(wire: Wire, more: pg.ClientConfig = {}): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: wire.url, ...more });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

const VALUES = `select 1::smallint as a, 2147483647 as b, 9007199254740993::bigint as c, -12.50::decimal(8, 2) as d, 0.1::real as e, 1e300::float8 as f,
  true as g, 'grün, "quoted"' as h, null::varchar as i, date '1999-12-31' as j, timestamp '2026-01-31 10:00:00.25' as k, timestamptz '2026-01-31 10:00:00+02' as l,
  time '23:59:59.5' as m, 0::decimal(38, 10) as n, 12345678901234567890.0000000001::decimal(38, 10) as o`;
const TEXTS = {
  a: "1",
  b: "2147483647",
  c: "9007199254740993",
  d: "-12.50",
  e: "0.1",
  f: "1e+300",
  g: "t",
  h: 'grün, "quoted"',
  i: null,
  j: "1999-12-31",
  k: "2026-01-31 10:00:00.25",
  l: "2026-01-31 08:00:00+00",
  m: "23:59:59.5",
  n: "0.0000000000",
  o: "12345678901234567890.0000000001",
};

describe("pg", () => {
  test("reads values as text and in binary alike", async () => {
    const wire = await openWire();
    const asText = await pgClient(wire, {
      types: { getTypeParser: () => (value: string) => value },
    } as unknown as pg.ClientConfig);
    expect((await asText.query(VALUES)).rows).toEqual([TEXTS]);
    const binary = await pgClient(wire);
    const { rows } = await binary.query({ text: VALUES, binary: true } as pg.QueryConfig);
    expect(rows[0]).toMatchObject({ a: 1, b: 2147483647, d: "-12.50", g: true, h: TEXTS.h, i: null, f: 1e300 });
    expect(rows[0].e).toBeCloseTo(0.1, 6);
    expect(BigInt(rows[0].c)).toBe(9007199254740993n);
    expect(rows[0].k).toEqual(new Date(2026, 0, 31, 10, 0, 0, 250));
    expect(rows[0].l).toEqual(new Date("2026-01-31T08:00:00Z"));
    expect(wire.errors).toEqual([]);
  });

  test("binds parameters, prepares by name, and goes through a transaction", async () => {
    const client = await pgClient(await openWire());
    await client.query("create table t (id int, name varchar(20), at timestamp, ok boolean, amount decimal(8,2))");
    for (let id = 1; id <= 3; id++) {
      const inserted = await client.query({
        name: "insert",
        text: "insert into t values ($1, $2, $3, $4, $5)",
        values: [id, `it's ${id}`, "2026-01-31 10:00:00", id === 2, "1.25"],
      });
      expect(inserted.rowCount).toBe(1);
    }
    await client.query("begin");
    await client.query("delete from t");
    await client.query("rollback");
    const { rows } = await client.query("select id, name, ok, amount from t where id >= $1 and ok = $2", [2, true]);
    expect(rows).toEqual([{ id: 2, name: "it's 2", ok: true, amount: "1.25" }]);
    await expect(client.query("insert into t (name) values ($1)", ["x".repeat(21)])).rejects.toMatchObject({
      code: "22001",
    });
    await expect(client.query("select * from nothing")).rejects.toMatchObject({ code: "42P01", position: "15" });
  });

  test("many connections at once, each with its own settings and temporary tables", async () => {
    const wire = await openWire();
    const clients = await Promise.all(Array.from({ length: 20 }, () => pgClient(wire)));
    const answers = await Promise.all(
      clients.map(async (client, index) => {
        await client.query(`create temp table mine as select ${index} as n`);
        await client.query(`set search_path to s${index}`);
        return [
          (await client.query("select n from mine")).rows[0].n,
          (await client.query("show search_path")).rows[0].search_path,
        ];
      }),
    );
    expect(answers).toEqual(clients.map((_, index) => [index, `s${index}`]));
  });
});

describe("postgres.js", () => {
  test("reads, writes, and reads by cursor", async () => {
    const wire = await openWire();
    const sql = postgres(wire.url, { max: 2, onnotice: () => undefined });
    onTestFinished(() => sql.end());
    await sql`create table t (id int, name varchar(20))`;
    await sql`insert into t ${sql([
      { id: 1, name: "one" },
      { id: 2, name: "two" },
    ])}`;
    expect(await sql`select * from t where id = ${2}`).toEqual([{ id: 2, name: "two" }]);
    await expect(
      sql.begin(async (inside) => {
        await inside`delete from t`;
        throw new Error("undo");
      }),
    ).rejects.toThrow("undo");
    expect((await sql`select count(*)::int as n from t`)[0]?.n).toBe(2);
    let rows = 0;
    for await (const chunk of sql`select generate_series(1, 1000) as n`.cursor(100)) rows += chunk.length;
    expect(rows).toBe(1000);
  });
});

describe("passwords", () => {
  const credentials = [{ name: "ada", secret: "a-long-secret" }];
  test.for(["md5", "scram"] as const)("%s lets in who knows the secret, and nobody else", async (method) => {
    const wire = await openWire({ credentials, method });
    const config = {
      user: "ada",
      password: "a-long-secret",
      host: "127.0.0.1",
      port: wire.server.port,
      database: "penstock",
      connectionString: undefined,
    };
    const client = new pg.Client(config as pg.ClientConfig);
    await client.connect();
    expect((await client.query("select current_user as me")).rows).toEqual([{ me: "ada" }]);
    await client.end();
    for (const wrong of [{ password: "another-secret" }, { user: "eve" }]) {
      const refused = new pg.Client({ ...config, ...wrong } as pg.ClientConfig);
      await expect(refused.connect()).rejects.toMatchObject({ code: "28P01" });
    }
  });
});
