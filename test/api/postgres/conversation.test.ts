import { connect as connectTls } from "node:tls";
import { describe, expect, test } from "vitest";
import { postgresServer } from "../../../src/api/postgres/server.js";
import { systemClock } from "../../../src/core/clock.js";
import { openLoadWorld } from "../../redshift/copy/fixture.js";
import { CERTIFICATE } from "./certificate.js";
import { errorOf, int16, int32, message, openWire, rawClient, rowsOf, startup, typesOf } from "./wire.js";

const SYNC = message("S");
const query = (sql: string) => message("Q", sql);
const parse = (sql: string, name = "") => message("P", name, sql, int16(0));
const bind = (name = "", portal = "") => message("B", portal, name, int16(0), int16(0), int16(0));
const execute = (rows = 0, portal = "") => message("E", portal, int32(rows));

async function connected(options: Parameters<typeof openWire>[0] = {}) {
  const wire = await openWire(options);
  const client = await rawClient(wire.server.port);
  client.send(startup());
  const greeting = await client.until("Z");
  const tags = async (...messages: Buffer[]) => {
    client.send(...messages);
    const replies = await client.until("Z");
    return replies.filter(({ type }) => type === "C").map(({ body }) => body.toString().replace("\0", ""));
  };
  return { ...wire, client, greeting, tags };
}

describe("the start", () => {
  test("of a newer minor version, with options of the protocol, is told what there is", async () => {
    const wire = await openWire();
    const client = await rawClient(wire.server.port);
    const parameters = Object.entries({
      user: "penstock",
      database: "penstock",
      "_pq_.command_tag_format": "x",
    }).flat();
    client.send(message("", int32(196_610), ...parameters, Buffer.from([0])));
    const replies = await client.until("Z");
    expect(typesOf(replies)).toMatch(/^vRS+KZ$/);
    expect(replies[0]!.body).toEqual(
      Buffer.concat([int32(196_608), int32(1), Buffer.from("_pq_.command_tag_format\0")]),
    );
  });

  test("without a database's name takes the user's", async () => {
    const wire = await openWire();
    const client = await rawClient(wire.server.port);
    client.send(startup({ user: "ada" }));
    expect(errorOf(await client.until("E"))).toMatchObject({ C: "3D000", M: 'database "ada" does not exist' });
  });

  test("must come in time", async () => {
    const wire = await openWire({
      clock: { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms / 1000, signal) },
    });
    const client = await rawClient(wire.server.port);
    client.send(startup().subarray(0, 6));
    await client.ended;
  });

  test("of one that never says who it is does not keep the door from closing", async () => {
    const wire = await openWire();
    const client = await rawClient(wire.server.port);
    await wire.server.close();
    await client.ended;
  });
});

describe("TLS", () => {
  test("is given to a client that asks, and all goes on as without", async () => {
    const wire = await openWire({ certificate: CERTIFICATE });
    const client = await rawClient(wire.server.port);
    client.socket.removeAllListeners("data");
    client.send(message("", int32(80_877_103)));
    const [answer] = (await new Promise((resolve) => client.socket.once("data", (bytes) => resolve([bytes])))) as [
      Buffer,
    ];
    expect(answer.toString()).toBe("S");
    const secure = connectTls({ socket: client.socket, ca: CERTIFICATE.cert, servername: "localhost" });
    await new Promise((resolve) => secure.once("secureConnect", resolve));
    let bytes = "";
    secure.on("data", (chunk) => {
      bytes += chunk.toString("latin1");
    });
    secure.write(Buffer.concat([startup(), query("select repeat('x', 300000) as x"), message("X")]));
    await new Promise((resolve) => secure.once("end", resolve));
    expect(bytes).toContain("server_version\x008.0.2");
    expect(bytes.length).toBeGreaterThan(300_000);
    expect(wire.errors).toEqual([]);
  });

  test("is not begun on bytes that came before it", async () => {
    const wire = await openWire({ certificate: CERTIFICATE });
    const client = await rawClient(wire.server.port);
    client.send(message("", int32(80_877_103)), startup());
    expect(errorOf(await client.until("E"))).toMatchObject({ C: "08P01" });
    await client.ended;
  });

  test("needs a certificate that is one", async () => {
    const opening = openWire({ certificate: { cert: "no certificate", key: CERTIFICATE.key } });
    await expect(opening).rejects.toMatchObject({ code: "invalid-argument" });
  });
});

test("a port that is taken is told as such", async () => {
  const wire = await openWire();
  const second = postgresServer({
    database: wire.database.engine,
    clock: systemClock,
    host: "127.0.0.1",
    port: wire.server.port,
    credentials: [],
    log: () => undefined,
  });
  await expect(second).rejects.toMatchObject({ code: "refused", message: expect.stringContaining("is taken") });
});

describe("passwords", () => {
  const credentials = [{ name: "ada", secret: "a-long-secret" }];

  test.for([
    ["md5", message("Q", "select 1"), "08P01"],
    ["md5", message("p", "md5ffffffffffffffffffffffffffffffff"), "28P01"],
    ["scram", message("p", "SCRAM-SHA-1", int32(3), Buffer.from("n,,")), "08P01"],
    ["scram", message("p", "SCRAM-SHA-256", int32(3), Buffer.from("n,,")), "08P01"],
    ["scram", message("p", "SCRAM-SHA-256", int32(99), Buffer.from("n,,n=,r=abc")), "08P01"],
  ] as const)(
    "by %s: a message that is no password, or a wrong one, ends the connection",
    async ([method, bytes, state]) => {
      const wire = await openWire({ credentials, method });
      const client = await rawClient(wire.server.port);
      client.send(startup({ user: "ada", database: "penstock" }));
      await client.until("R");
      client.send(bytes);
      expect(errorOf(await client.until("E"))).toMatchObject({ S: "FATAL", C: state });
      await client.ended;
      expect(wire.database.engine.sessions()).toEqual([]);
    },
  );

  test("are not waited for beyond their size", async () => {
    const wire = await openWire({ credentials });
    const client = await rawClient(wire.server.port);
    client.send(startup({ user: "ada", database: "penstock" }));
    await client.until("R");
    client.send(Buffer.from("p"), int32(1_000_000));
    expect(errorOf(await client.until("E"))).toMatchObject({ C: "08P01" });
    await client.ended;
  });

  test("a user that is not there is asked for one as well, and refused in the same words", async () => {
    const wire = await openWire({ credentials });
    const client = await rawClient(wire.server.port);
    client.send(startup({ user: "eve", database: "penstock" }));
    expect((await client.until("R")).at(-1)?.body.readInt32BE(0)).toBe(5);
    client.send(message("p", "md5ffffffffffffffffffffffffffffffff"));
    expect(errorOf(await client.until("E"))).toMatchObject({ M: 'password authentication failed for user "eve"' });
  });
});

describe("statements and portals by name", () => {
  test("stay until they are closed, or deallocated as drivers do it", async () => {
    const { client, tags } = await connected();
    await tags(parse("select 1 as one", "s1"), parse("select 2 as two", 'S "2"'), SYNC);
    expect(await tags(query('deallocate "S ""2"""'))).toEqual(["DEALLOCATE"]);
    client.send(bind('S "2"'), SYNC);
    expect(errorOf(await client.until("Z"))).toMatchObject({
      C: "26000",
      M: 'prepared statement "S "2"" does not exist',
    });
    client.send(message("C", Buffer.from("S"), "s1"), bind("s1"), SYNC);
    expect(typesOf(await client.until("Z"))).toBe("3EZ");
    client.send(message("C", Buffer.from("S"), "s1"), message("C", Buffer.from("P"), "nothing"), SYNC);
    expect(typesOf(await client.until("Z"))).toBe("33Z");
  });

  test("have names of their own, except those without one", async () => {
    const { client } = await connected();
    client.send(parse("select 1", "s"), parse("select 1", "s"), SYNC);
    expect(errorOf(await client.until("Z"))).toMatchObject({ C: "42P05" });
    client.send(parse("select 1"), parse("select 2"), bind("", "p"), bind("", "p"), SYNC);
    expect(errorOf(await client.until("Z"))).toMatchObject({ C: "42P03" });
    client.send(parse("select 1"), query("select 2"), bind(), SYNC);
    await client.until("Z");
    expect(errorOf(await client.until("Z"))).toMatchObject({ C: "26000" });
  });

  test("of no statement at all are answered as such", async () => {
    const { client } = await connected();
    client.send(
      parse(""),
      message("D", Buffer.from("S"), ""),
      bind(),
      message("D", Buffer.from("P"), ""),
      execute(),
      SYNC,
    );
    expect(typesOf(await client.until("Z"))).toBe("1tn2nIZ");
  });

  test("a change that ran is not run again by its portal", async () => {
    const { client, tags } = await connected();
    await tags(query("create table t (a int)"));
    client.send(query("begin"), parse("insert into t values (1)"), bind(), execute(), execute(), SYNC);
    await client.until("Z");
    expect(typesOf(await client.until("Z"))).toBe("12CEZ");
  });

  test.for([
    [
      "formats that do not fit the parameters",
      message("B", "", "", int16(2), int16(0), int16(0), int16(1), int32(-1), int16(0)),
      "08P01",
    ],
    [
      "formats that do not fit the columns",
      message("B", "", "", int16(0), int16(1), int32(-1), int16(2), int16(0), int16(1)),
      "08P01",
    ],
    ["a format that is none", message("B", "", "", int16(0), int16(1), int32(-1), int16(1), int16(7)), "22023"],
    ["a length that is none", message("B", "", "", int16(0), int16(1), int32(1_000_000)), "08P01"],
  ] as const)("a binding with %s is refused", async ([, bytes, state]) => {
    const { client } = await connected();
    client.send(parse("select $1::int as a"), bytes, SYNC);
    expect(errorOf(await client.until("Z"))).toMatchObject({ C: state });
  });

  test("rows are described and sent in the formats that were asked for", async () => {
    const { client } = await connected();
    client.send(
      parse("select 258::int as a, 258::int as b, true as c"),
      message("B", "", "", int16(0), int16(0), int16(3), int16(1), int16(0), int16(1)),
      message("D", Buffer.from("P"), ""),
      execute(),
      SYNC,
    );
    const replies = await client.until("Z");
    const description = replies.find(({ type }) => type === "T")!.body.toString("hex");
    expect(description.match(/0001(?=62|63|$)|0000(?=62|63|$)/g)?.map((hex) => hex.at(-1))).toEqual(["1", "0", "1"]);
    const row = replies.find(({ type }) => type === "D")!.body;
    expect(row).toEqual(
      Buffer.concat([int16(3), int32(4), int32(258), int32(3), Buffer.from("258"), int32(1), Buffer.from([1])]),
    );
  });

  test("an error is told at once, before the Sync", async () => {
    const { client } = await connected();
    client.send(parse("select nothing_here"));
    expect(errorOf(await client.until("E"))).toMatchObject({ C: "42703", P: "8" });
    client.send(parse("select 1"), query("select 1"), SYNC);
    expect(typesOf(await client.until("Z"))).toBe("Z");
  });

  test("a mistake in an open transaction fails it, whichever message it is in", async () => {
    for (const wrong of ["selec 1", "select nothing_here"]) {
      const { client, tags } = await connected();
      await tags(query("begin"));
      client.send(query(wrong));
      expect((await client.until("Z")).at(-1)!.body.toString()).toBe("E");
      await tags(query("rollback; begin"));
      client.send(parse(wrong), SYNC);
      expect((await client.until("Z")).at(-1)!.body.toString()).toBe("E");
    }
  });
});

/** With the statements of loading, too. */
async function loading() {
  const { engine } = await openLoadWorld();
  return { ...(await connected({ database: engine })), engine };
}

describe("COPY", () => {
  test("takes what the client sends, in pieces of any size", async () => {
    const { client, tags } = await loading();
    await tags(query("create table t (a int, b varchar(10))"));
    client.send(query("copy t from stdin"));
    expect(typesOf(await client.until("G"))).toBe("G");
    for (const byte of Buffer.from("1\tone\n2\t\\N\n")) client.send(message("d", Buffer.from([byte])));
    expect(await tags(message("H"), message("c"))).toEqual(["COPY 2"]);
    client.send(query("select a, b from t order by a"));
    expect(rowsOf(await client.until("Z"))).toEqual([
      ["1", "one"],
      ["2", null],
    ]);
  });

  test("that the client gives up leaves nothing behind, and the connection goes on", async () => {
    const { client, tags } = await loading();
    await tags(query("create table t (a int)"));
    client.send(query("copy t from stdin"), message("d", Buffer.from("1\n")), message("f", "changed my mind"));
    expect(errorOf(await client.until("Z"))).toMatchObject({
      C: "57014",
      M: "COPY from stdin failed: changed my mind",
    });
    client.send(query("select count(*) from t"));
    expect(rowsOf(await client.until("Z"))).toEqual([["0"]]);
  });

  test("with a row that is none fails, and what still comes of its data is passed over", async () => {
    const { client, tags } = await loading();
    await tags(query("create table t (a int)"));
    client.send(
      query("copy t from stdin"),
      message("d", Buffer.from("x\n")),
      message("c"),
      message("d", Buffer.from("2\n")),
    );
    expect(errorOf(await client.until("Z")).S).toBe("ERROR");
    client.send(message("d", Buffer.from("3\n")), message("c"), query("select count(*) from t"));
    expect(rowsOf(await client.until("Z"))).toEqual([["0"]]);
  });

  test("whose client leaves is undone", async () => {
    const { client, tags, engine, server } = await loading();
    await tags(query("create table t (a int)"));
    client.send(query("copy t from stdin"), message("d", Buffer.from("1\n")));
    await client.until("G");
    client.socket.destroy();
    // The fixture has one of its own.
    while (engine.sessions().length > 1) await new Promise((resolve) => setTimeout(resolve, 10));
    const after = await rawClient(server.port);
    after.send(startup());
    await after.until("Z");
    after.send(query("select count(*) from t"));
    expect(rowsOf(await after.until("Z"))).toEqual([["0"]]);
  });

  test("that waits for its client can be cancelled, and the connection goes on", async () => {
    const { client, tags, engine, greeting } = await loading();
    await tags(query("create table t (a int)"));
    client.send(query("copy t from stdin"), message("d", Buffer.from("1\n")));
    await client.until("G");
    engine.cancel(greeting.find(({ type }) => type === "K")!.body.readInt32BE(0));
    expect(errorOf(await client.until("Z"))).toMatchObject({ C: "57014" });
    client.send(message("d", Buffer.from("2\n")), message("c"), query("select count(*) from t"));
    expect(rowsOf(await client.until("Z"))).toEqual([["0"]]);
  });

  test("gives lines, a message each", async () => {
    const { client, tags } = await loading();
    await tags(query("create table t (a int, b varchar(10)); insert into t values (1, 'a,b'), (2, null)"));
    client.send(query("copy (select a, b from t order by a) to stdout csv"));
    const replies = await client.until("Z");
    expect(typesOf(replies)).toBe("HddcCZ");
    expect(replies.filter(({ type }) => type === "d").map(({ body }) => body.toString())).toEqual([
      '1,"a,b"\n',
      "2,\n",
    ]);
  });
});

test("a fatal error is told once, and is the last word", async () => {
  const { client, database } = await connected();
  const [session] = database.engine.sessions();
  client.send(query("select 1"));
  await client.until("Z");
  database.engine.terminate(session!.processId);
  const replies = await client.until("none");
  expect(typesOf(replies)).toBe("E");
  expect(errorOf(replies)).toMatchObject({ S: "FATAL", C: "57P01" });
});
