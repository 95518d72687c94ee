import { expect, test } from "vitest";
import type { LoadWorld } from "./fixture.js";
import { openLoadWorld } from "./fixture.js";

async function send(world: LoadWorld, sql: string, body: string): Promise<string> {
  async function* input() {
    for (let at = 0; at < body.length; at += 7) yield Buffer.from(body.slice(at, at + 7));
  }
  const { session } = world;
  const prepared = await session.prepare(session.parse(sql)[0]!);
  return (await session.execute(prepared, [], { input: input() })).tag();
}

async function receive(
  world: LoadWorld,
  sql: string,
): Promise<{ lines: string[]; tag: string; format: string | undefined }> {
  const { session } = world;
  const result = await session.execute(await session.prepare(session.parse(sql)[0]!));
  const lines: string[] = [];
  for await (const chunk of result.rows) lines.push(...chunk.map(([line]) => String(line)));
  return { lines, tag: result.tag(), format: result.copyOut?.format };
}

test("text and CSV come in as PostgreSQL's clients send them", async () => {
  const world = await openLoadWorld();
  await world.run("CREATE TABLE t (id int, name varchar(20), at timestamp)");
  expect(await send(world, "COPY t FROM STDIN", "1\ta\\tb\\\\\t2024-01-02 03:04:05\n2\t\\N\t\\N\n\\.\n")).toBe(
    "COPY 2",
  );
  expect(
    await send(
      world,
      "COPY t (id, name) FROM STDIN WITH (FORMAT csv, HEADER true, NULL 'nil')",
      'id,name\n3,"x, ""y""\nz"\n4,nil\n5,"nil"\n',
    ),
  ).toBe("COPY 3");
  expect(await send(world, "COPY t (id, name) FROM STDIN WITH CSV DELIMITER ';'", "6;\n")).toBe("COPY 1");
  expect(await world.rows("SELECT * FROM t ORDER BY id")).toEqual([
    "1|a\tb\\|2024-01-02 03:04:05",
    "2|NULL|NULL",
    '3|x, "y"\nz|NULL',
    "4|NULL|NULL",
    "5|nil|NULL",
    "6|NULL|NULL",
  ]);
});

test("a line that does not fit changes nothing", async () => {
  const world = await openLoadWorld();
  await world.run("CREATE TABLE t (id int, name varchar(3))");
  await expect(send(world, "COPY t FROM STDIN", "1\ta\nx\tb\n")).rejects.toMatchObject({ state: "22P02" });
  await expect(send(world, "COPY t FROM STDIN", "1\n")).rejects.toMatchObject({
    state: "22P04",
    message: 'missing data for column "name"',
  });
  await expect(send(world, "COPY t FROM STDIN", "1\ta\tb\n")).rejects.toMatchObject({
    state: "22P04",
    detail: 'COPY t, line 1: "1\ta\tb"',
  });
  await expect(send(world, "COPY t FROM STDIN", "1\tabcd\n")).rejects.toMatchObject({ state: "22001" });
  expect(await world.rows("SELECT count(*) FROM t")).toEqual(["0"]);
});

test("tables and queries go out as text and CSV", async () => {
  const world = await openLoadWorld();
  await world.run(
    "CREATE TABLE t (id int, name varchar(20), ok boolean); INSERT INTO t VALUES (1, 'a' || chr(9) || 'b', true), (2, NULL, false), (3, 'x,y', NULL)",
  );
  expect(await receive(world, "COPY (SELECT * FROM t ORDER BY id) TO STDOUT")).toEqual({
    lines: ["1\ta\\tb\tt", "2\t\\N\tf", "3\tx,y\t\\N"],
    tag: "COPY 3",
    format: "text",
  });
  expect(
    (await receive(world, "COPY (SELECT * FROM t ORDER BY id) TO STDOUT WITH (FORMAT csv, HEADER, FORCE_QUOTE *)"))
      .lines,
  ).toEqual(["id,name,ok", '"1","a\tb","t"', '"2",,"f"', '"3","x,y",']);
  expect((await receive(world, "COPY t (id) TO STDOUT CSV")).lines.sort()).toEqual(["1", "2", "3"]);
});
