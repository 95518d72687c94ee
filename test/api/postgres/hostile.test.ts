import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { heldBytes, ownBytes } from "../../../src/api/postgres/held-bytes.js";
import { openWire } from "./wire.js";

async function connected() {
  const wire = await openWire();
  const client = new pg.Client({ connectionString: wire.url });
  await client.connect();
  onTestFinished(() => client.end());
  return { wire, client };
}

test("prepared statements are kept up to a bound, and the connection goes on", async () => {
  const { client, wire } = await connected();
  const prepare = (name: string) => client.query({ name, text: "select 1 as a", values: [] });
  let kept = 0;
  let refused: { code?: string } | undefined;
  while (refused === undefined && kept < 10_100) {
    await prepare(`statement ${kept}`).then(
      () => kept++,
      (error: { code?: string }) => {
        refused = error;
      },
    );
  }
  expect([kept, refused?.code]).toEqual([10_000, "54000"]);
  expect((await client.query("select 2 as b")).rows).toEqual([{ b: 2 }]);
  await client.query("deallocate all");
  await client.query({ name: "one more", text: "select 1 as a", values: [] });
  expect(wire.errors).toEqual([]);
});

test("what one client holds is counted with what all hold, and given back when it goes", () => {
  const all = heldBytes(1000);
  const [one, other] = [ownBytes(all), ownBytes(all)];
  one.take(600);
  expect(() => other.take(500)).toThrow(/out of memory/);
  one.give(200);
  other.take(500);
  one.giveAll();
  other.take(500);
  expect(() => one.take(1)).toThrow(/out of memory/);
});

test("statements that would keep the process busy are refused before they do", async () => {
  const { client } = await connected();
  const many = (text: string, count: number, between: string) => Array(count).fill(text).join(between);
  const statements = [
    `select 1 where 1 in (${many("1", 200_000, ",")})`,
    `select 1 where ${many("1 = 1", 110_000, " and ")}`,
    `select ${many("'a'", 110_000, "||")}`,
    `select ${many("1", 110_000, ",")}`,
    `insert into nothing values ${many("(1 + 1)", 110_000, ",")}`,
  ];
  for (const text of statements) await expect(client.query(text)).rejects.toMatchObject({ code: "54001" });
  await expect(client.query(`select to_char(getdate(), '${many("YYYY", 1000, " ")}')`)).rejects.toMatchObject({
    code: "54000",
  });
  const { rows } = await client.query("select len(lpad('a', 2000000000, 'b')) as n");
  expect(rows).toEqual([{ n: 65_535 }]);
});

test("rows of constants are no bound's matter", async () => {
  const { client } = await connected();
  await client.query("create table many (a int, b varchar(5))");
  const rows = Array.from({ length: 60_000 }, (_, index) => `(${index}, 'x')`).join(",");
  expect((await client.query(`insert into many values ${rows}`)).rowCount).toBe(60_000);
});

test("views that read the one before them twice are refused before there is no end to them", async () => {
  const { client } = await connected();
  await client.query("create view v0 as select 1 as a");
  let made = 0;
  let refused: { code?: string } | undefined;
  while (refused === undefined && made < 40) {
    const text = `create view v${made + 1} as select x.a from v${made} x, v${made} y`;
    await client.query(text).then(
      () => made++,
      (error: { code?: string }) => {
        refused = error;
      },
    );
  }
  expect(refused?.code).toBe("54001");
  expect(made).toBeLessThan(14);
});

test("a timeout of years ends nothing at once", async () => {
  const { client } = await connected();
  await client.query("set idle_in_transaction_session_timeout to 0");
  await client.query("set statement_timeout to 999999999999");
  expect((await client.query("select 1 as a")).rows).toEqual([{ a: 1 }]);
});

test("functions that double what they are given are refused before there is no end to them", async () => {
  const { client } = await connected();
  await client.query("create function f_0 (varchar) returns varchar stable as $$ select $1 || $1 $$ language sql");
  let refused: { code?: string } | undefined;
  for (let made = 0; refused === undefined && made < 40; made++) {
    const body = Array(20).fill(`f_${made}($1)`).join(" || ");
    const text = `create function f_${made + 1} (varchar) returns varchar stable as $$ select ${body} $$ language sql`;
    await client.query(text).catch((error: { code?: string }) => {
      refused = error;
    });
  }
  expect(refused?.code).toBe("54001");
});
