import { describe, expect, test } from "vitest";
import { errorOf, int16, int32, message, openWire, rawClient, rowsOf, startup, typesOf } from "./wire.js";

const SYNC = message("S");
const parse = (sql: string, name = "") => message("P", name, sql, int16(0));
const bind = (name = "", portal = "") => message("B", portal, name, int16(0), int16(0), int16(0));
const describePortal = (portal = "") => message("D", Buffer.from("P"), portal);
const execute = (rows = 0, portal = "") => message("E", portal, int32(rows));

async function connected() {
  const wire = await openWire();
  const client = await rawClient(wire.server.port);
  client.send(startup());
  const greeting = await client.until("Z");
  return { ...wire, client, greeting };
}

const query = (sql: string) => message("Q", sql);

describe("the start", () => {
  test("says who it is, with what drivers look for, and that it is ready", async () => {
    const { greeting } = await connected();
    const parameters = Object.fromEntries(
      greeting.filter(({ type }) => type === "S").map(({ body }) => body.toString().split("\0").slice(0, 2)),
    );
    expect(parameters).toMatchObject({
      server_version: "8.0.2",
      client_encoding: "UTF8",
      integer_datetimes: "on",
      TimeZone: "UTC",
    });
    expect(typesOf(greeting)).toMatch(/^RS+KZ$/);
  });

  test("takes the unknown keys that Redshift's drivers send", async () => {
    const wire = await openWire();
    const client = await rawClient(wire.server.port);
    client.send(
      startup({
        user: "penstock",
        database: "penstock",
        client_protocol_version: "2",
        driver_version: "x",
        os_version: "y",
        plugin_name: "z",
      }),
    );
    expect(typesOf(await client.until("Z"))).toMatch(/Z$/);
  });

  test("declines TLS and GSS where it has no certificate, and goes on", async () => {
    const wire = await openWire();
    const client = await rawClient(wire.server.port);
    client.socket.write(message("", int32(80_877_103)));
    await new Promise<void>((resolve) =>
      client.socket.once("data", (bytes) => {
        expect(bytes.toString()).toBe("N");
        resolve();
      }),
    );
  });

  test("a database of another name is refused", async () => {
    const wire = await openWire();
    const client = await rawClient(wire.server.port);
    client.send(startup({ user: "penstock", database: "other" }));
    expect(errorOf(await client.until("E"))).toMatchObject({
      S: "FATAL",
      C: "3D000",
      M: 'database "other" does not exist',
    });
    await client.ended;
  });

  test.for([
    ["a length that is none", Buffer.from([0, 0, 0, 1, 0, 0, 0, 0])],
    ["a length beyond all bounds", Buffer.from([0x7f, 0xff, 0xff, 0xff, 0, 3, 0, 0])],
    ["another protocol", message("", int32(131_072))],
    ["HTTP", Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n")],
    ["no user", startup({ database: "penstock" })],
  ] as const)("%s ends the connection with a message", async ([, bytes]) => {
    const wire = await openWire();
    const client = await rawClient(wire.server.port);
    client.send(bytes);
    expect(errorOf(await client.until("E")).S).toBe("FATAL");
    await client.ended;
    expect(wire.errors).toEqual([]);
  });

  test("comes in pieces of a byte each", async () => {
    const wire = await openWire();
    const client = await rawClient(wire.server.port);
    for (const byte of Buffer.concat([startup(), query("select 1 as one")])) {
      client.socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await client.until("Z");
    expect(rowsOf(await client.until("Z"))).toEqual([["1"]]);
  });
});

describe("a simple query", () => {
  test("of several statements answers each, in one transaction", async () => {
    const { client } = await connected();
    client.send(query("create table t (a int); insert into t values (1), (2); select a from t order by a; "));
    const replies = await client.until("Z");
    expect(typesOf(replies)).toBe("CCTDDCZ");
    expect(replies.filter(({ type }) => type === "C").map(({ body }) => body.toString().replace("\0", ""))).toEqual([
      "CREATE TABLE",
      "INSERT 0 2",
      "SELECT 2",
    ]);
    client.send(query("insert into t values (3); select * from nothing; insert into t values (4)"));
    expect(errorOf(await client.until("Z"))).toMatchObject({ C: "42P01" });
    client.send(query("select count(*) from t"));
    expect(rowsOf(await client.until("Z"))).toEqual([["2"]]);
  });

  test("that is empty says so", async () => {
    const { client } = await connected();
    client.send(query(" -- nothing"));
    expect(typesOf(await client.until("Z"))).toBe("IZ");
  });

  test("tells the place of a fault in characters", async () => {
    const { client } = await connected();
    client.send(query("select '😀' as ä,\n nothing_here"));
    expect(errorOf(await client.until("Z"))).toMatchObject({ C: "42703", P: "19" });
  });

  test("the state of the transaction is told", async () => {
    const { client } = await connected();
    const state = async (sql: string) => {
      client.send(query(sql));
      return (await client.until("Z")).at(-1)!.body.toString();
    };
    expect(await state("begin")).toBe("T");
    expect(await state("select 1")).toBe("T");
    expect(await state("select nothing")).toBe("E");
    expect(await state("select 1")).toBe("E");
    expect(await state("commit")).toBe("I");
  });

  test("a setting that drivers follow is told when it changes", async () => {
    const { client } = await connected();
    client.send(query("set timezone to 'Europe/Berlin'; select timestamptz '2026-07-01 12:00:00+00'"));
    const replies = await client.until("Z");
    expect(replies.filter(({ type }) => type === "S").map(({ body }) => body.toString())).toContain(
      "TimeZone\0Europe/Berlin\0",
    );
    expect(rowsOf(replies)).toEqual([["2026-07-01 14:00:00+02"]]);
  });
});

describe("the extended protocol", () => {
  test("parses, binds, describes and executes", async () => {
    const { client } = await connected();
    client.send(
      message("P", "s", "select $1::int + 1 as n, $2 as t", int16(0)),
      message("D", Buffer.from("S"), "s"),
      message("B", "", "s", int16(0), int16(2), int32(2), Buffer.from("41"), int32(-1), int16(0)),
      describePortal(),
      execute(),
      SYNC,
    );
    const replies = await client.until("Z");
    expect(typesOf(replies)).toBe("1tT2TDCZ");
    expect(rowsOf(replies)).toEqual([["42", null]]);
    const parameters = replies[1]!.body;
    expect([parameters.readInt16BE(0), parameters.readInt32BE(2)]).toEqual([2, 23]);
  });

  test("rows come in parts, the portal going on where it stopped", async () => {
    const { client } = await connected();
    client.send(
      parse("begin"),
      bind(),
      execute(),
      parse("select generate_series(1, 7) as n"),
      bind(),
      execute(3),
      SYNC,
    );
    expect(typesOf(await client.until("Z"))).toBe("12C12DDDsZ");
    client.send(execute(3), SYNC);
    expect(rowsOf(await client.until("Z")).flat()).toEqual(["4", "5", "6"]);
    client.send(query("select 'between' as x"));
    expect(rowsOf(await client.until("Z"))).toEqual([["between"]]);
    client.send(query("commit"));
    await client.until("Z");
  });

  test("another statement may run while a portal is half read", async () => {
    const { client } = await connected();
    client.send(
      parse("begin"),
      bind(),
      execute(),
      parse("select generate_series(1, 20000) as n"),
      bind("", "p"),
      execute(5, "p"),
      SYNC,
    );
    await client.until("Z");
    client.send(parse("select 99 as x"), bind(), execute(), SYNC);
    expect(rowsOf(await client.until("Z"))).toEqual([["99"]]);
    client.send(execute(0, "p"), SYNC);
    expect(rowsOf(await client.until("Z"))).toHaveLength(19_995);
  });

  test("after an error everything up to Sync is passed over, and what was done is undone", async () => {
    const { client } = await connected();
    client.send(query("create table t (a int)"));
    await client.until("Z");
    client.send(
      parse("insert into t values (1)"),
      bind(),
      execute(),
      parse("insert into nothing values (1)"),
      bind(),
      execute(),
      parse("insert into t values (2)"),
      bind(),
      execute(),
      SYNC,
    );
    const replies = await client.until("Z");
    expect(typesOf(replies)).toBe("12CEZ");
    expect(errorOf(replies)).toMatchObject({ C: "42P01" });
    client.send(query("select count(*) from t"));
    expect(rowsOf(await client.until("Z"))).toEqual([["0"]]);
  });

  test.for([
    ["a statement that is not there", message("B", "", "nothing", int16(0), int16(0), int16(0)), "26000"],
    ["a portal that is not there", message("E", "nothing", int32(0)), "34000"],
    ["too few parameters", Buffer.concat([parse("select $1::int"), bind()]), "08P01"],
    [
      "a parameter of another type",
      Buffer.concat([
        parse("select $1::int"),
        message("B", "", "", int16(0), int16(1), int32(1), Buffer.from("x"), int16(0)),
      ]),
      "22P02",
    ],
    ["several statements", parse("select 1; select 2"), "42601"],
    ["a body that ends too soon", message("B", "x"), "08P01"],
  ] as const)("%s is an error, and the connection goes on", async ([, bytes, code]) => {
    const { client } = await connected();
    client.send(bytes, SYNC);
    expect(errorOf(await client.until("Z"))).toMatchObject({ C: code });
    client.send(query("select 1 as one"));
    expect(rowsOf(await client.until("Z"))).toEqual([["1"]]);
  });

  test("a function call is refused, with no Sync to wait for", async () => {
    const { client } = await connected();
    client.send(message("F", int32(1)));
    const replies = await client.until("Z");
    expect(typesOf(replies)).toBe("EZ");
    expect(errorOf(replies)).toMatchObject({ C: "0A000" });
  });

  test("a message of an unknown type ends the connection", async () => {
    const { client } = await connected();
    client.send(message("!", "x"));
    expect(errorOf(await client.until("E"))).toMatchObject({ S: "FATAL", C: "08P01" });
    await client.ended;
  });
});

test("a cancel request stops the statement, and only with the right secret", async () => {
  const { client, greeting, server } = await connected();
  const key = greeting.find(({ type }) => type === "K")!.body;
  client.send(
    query(
      "with recursive n (i) as (select 1::bigint union all select i + 1 from n where i < 100000000) select count(*) from n",
    ),
  );
  const wrong = await rawClient(server.port);
  wrong.send(message("", int32(80_877_102), key.subarray(0, 4), int32(key.readInt32BE(4) ^ 1)));
  await wrong.ended;
  const right = await rawClient(server.port);
  right.send(message("", int32(80_877_102), key));
  await right.ended;
  expect(errorOf(await client.until("Z"))).toMatchObject({ C: "57014" });
});

test("a client that leaves in the middle takes its statement and its transaction with it", async () => {
  const { client, database } = await connected();
  client.send(query("create table t (a int)"), query("begin; insert into t values (1)"));
  await client.until("Z");
  await client.until("Z");
  client.send(
    query(
      "with recursive n (i) as (select 1::bigint union all select i + 1 from n where i < 100000000) select count(*) from n",
    ),
  );
  client.socket.destroy();
  while (database.engine.sessions().length > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  const session = await database.session();
  expect(await session.rows("select count(*) from t")).toEqual(["0"]);
});

test("who does not read is not read to: memory does not grow with the result", async () => {
  const { client } = await connected();
  const digits = Array.from({ length: 10 }, (_, digit) => `select ${digit} as d`).join(" union all ");
  client.send(query(`create table digits as ${digits}`));
  await client.until("Z");
  client.socket.pause();
  const before = process.memoryUsage().rss;
  const tables = ["a", "b", "c", "d", "e", "f", "g"].map((name) => `digits ${name}`).join(", ");
  client.send(query(`select a.d + b.d * 10 as n, 'a text of some length, again and again' as t from ${tables}`));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
  client.socket.destroy();
});

test("when the door closes, clients are told", async () => {
  const { client, server } = await connected();
  await server.close();
  expect(errorOf(await client.until("E"))).toMatchObject({ S: "FATAL", C: "57P01" });
});

test("beyond the bound a connection is refused", async () => {
  const wire = await openWire({ connectionsMax: 1 });
  const first = await rawClient(wire.server.port);
  first.send(startup());
  await first.until("Z");
  const second = await rawClient(wire.server.port);
  second.send(startup());
  expect(errorOf(await second.until("E"))).toMatchObject({ S: "FATAL", C: "53300" });
  await second.ended;
  first.socket.destroy();
  for (let served = false; !served; ) {
    const third = await rawClient(wire.server.port);
    third.send(startup());
    served = typesOf(await third.until("Z")).endsWith("Z");
  }
});
