import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { PutRecordBatchCommand, PutRecordCommand } from "@aws-sdk/client-firehose";
import { expect, test } from "vitest";
import { encodeKpl } from "../../src/core/kpl.js";
import { bytesOf, counts, countsOf, run, temporaryFolder, writeDefinition } from "./running-pipeline.js";

async function pipelineOf(definition: string) {
  const folder = await temporaryFolder();
  await writeDefinition(folder, definition);
  return run(folder);
}

test("two tables take their part of one stream, and what neither takes is filtered for both", async () => {
  const running = await pipelineOf(`
    const events = stream("events", { shards: 2 });
    const columns = { id: integer().notNull() };
    export default pipeline("p", { tables: [
      table("clicks", { from: events, where: { kind: "click" }, columns }),
      table("views", { from: events, where: { kind: ["view", "peek"] }, columns }),
    ] });`);
  const kinds = ["click", "view", "peek", "scroll"];
  const sequences = await running.put(
    "events",
    Array.from({ length: 40 }, (_, id) => ({ id, kind: kinds[id % 4] })),
  );
  await running.instance.flush();
  const ids = (rest: number[]) => Array.from({ length: 40 }, (_, id) => [id]).filter(([id]) => rest.includes(id! % 4));
  expect(await running.rows("select id from clicks order by id")).toEqual(ids([0]));
  expect(await running.rows("select id from views order by id")).toEqual(ids([1, 2]));
  const audit = await running.instance.audit();
  expect(audit).toMatchObject({ ok: true, lost: 0, duplicated: 0, acked: 40, findings: [] });
  expect(countsOf(audit, "clicks")).toEqual(counts({ acked: 40, delivered: 10, filtered: 30, loaded: 10 }));
  expect(countsOf(audit, "views")).toEqual(counts({ acked: 40, delivered: 20, filtered: 20, loaded: 20 }));
  expect(await running.instance.trace(sequences[3]!)).toMatchObject({
    inJournal: true,
    tables: [
      { table: "clicks", rows: [{ rowIndex: 0, outcome: "filtered" }] },
      { table: "views", rows: [{ rowIndex: 0, outcome: "filtered" }] },
    ],
  });
  expect((await running.instance.trace(sequences[0]!))?.tables.map((table) => table.rows[0]?.outcome)).toEqual([
    "loaded",
    "filtered",
  ]);
});

test("one table takes from two streams whose shards have the same names", async () => {
  const running = await pipelineOf(`
    export default pipeline("p", { tables: [
      table("orders", { from: [stream("web"), stream("shop", { shards: 2 })], columns: { id: integer().notNull() } }),
    ] });`);
  const web = await running.put("web", [{ id: 1 }, { id: 2 }]);
  await running.put("shop", [{ id: 3 }, { id: 4 }, { id: 5 }, {}]);
  await running.instance.flush();
  expect(await running.rows("select id, split_part(_shard_id, ':', 1) from orders order by id")).toEqual([
    [1, "web"],
    [2, "web"],
    [3, "shop"],
    [4, "shop"],
    [5, "shop"],
  ]);
  const audit = await running.instance.audit();
  expect(audit).toMatchObject({ ok: true, acked: 6, findings: [] });
  expect(countsOf(audit, "orders")).toEqual(counts({ acked: 6, delivered: 5, deadLettered: 1, loaded: 5 }));
  expect((await running.instance.trace(web[1]!, "web"))?.tables).toMatchObject([
    { table: "orders", rows: [{ outcome: "loaded" }] },
  ]);
  for (const from of ["stream", "lake"] as const) {
    const replay = { table: "orders", from, into: `shop_by_${from}`, dryRun: false };
    await running.instance.replay({ ...replay, shard: "shop:shardId-000000000000" }, () => undefined);
    expect(await running.rows(`select min(id), max(id), count(*) from ${replay.into}`)).toEqual([[3, 5, 3]]);
    await expect(
      running.instance.replay({ ...replay, shard: "shardId-000000000000" }, () => undefined),
    ).rejects.toMatchObject({ code: "invalid-argument", message: expect.stringContaining("web:shardId-000000000000") });
  }
  // The streams were made together: a number alone may be of a record of each.
  const second = { sequence: 2, tables: [{ table: "orders", rows: [{ outcome: "loaded" }] }] };
  expect(await running.instance.trace("2", undefined, "shop:shardId-000000000000")).toMatchObject({
    stream: "shop",
    ...second,
  });
  await expect(running.instance.trace("2")).rejects.toMatchObject({
    code: "invalid-argument",
    message: expect.stringContaining("one each of"),
  });
  const [letter] = (await running.instance.deadLetters({ limit: 10 })).letters;
  expect(letter).toMatchObject({ table: "orders", stream: "shop" });
  expect((await running.instance.trace(letter!.sequenceNumber, "shop"))?.tables[0]?.rows).toMatchObject([
    { outcome: "dead", reason: expect.stringContaining(letter!.code) },
  ]);
});

test("a direct put's records come by Firehose, one or many at a time", async () => {
  const running = await pipelineOf(`
    export default pipeline("p", { tables: [
      table("logs", { from: directPut(), columns: { line: varchar(20).notNull(), at: timestamptz() } }),
    ] });`);
  const batch = await running.firehose.send(
    new PutRecordBatchCommand({
      DeliveryStreamName: "logs",
      Records: [
        { Data: bytesOf({ line: "one", at: "2026-01-02T03:04:05Z" }) },
        { Data: bytesOf('{"line":"two"}\n') },
        { Data: bytesOf({ line: "a line that is too long for the column" }) },
      ],
    }),
  );
  expect(batch.FailedPutCount).toBe(0);
  await running.firehose.send(
    new PutRecordCommand({ DeliveryStreamName: "logs", Record: { Data: bytesOf({ line: "three" }) } }),
  );
  await running.instance.flush();
  expect(await running.rows('select line, "at" from logs order by _sequence_number')).toEqual([
    ["one", "2026-01-02T03:04:05Z"],
    ["two", null],
    ["three", null],
  ]);
  expect(countsOf(await running.instance.audit(), "logs")).toEqual(
    counts({ acked: 4, delivered: 3, deadLettered: 1, loaded: 3 }),
  );
});

test("CSV, one line a record or several, with and without a header", async () => {
  const running = await pipelineOf(`
    const columns = { a: integer().notNull(), b: varchar(20) };
    export default pipeline("p", { tables: [
      table("plain", { from: stream("plain"), format: csv({ delimiter: ";" }), columns }),
      table("headed", { from: stream("headed"), format: csv({ header: "each" }), columns }),
    ] });`);
  await running.put("plain", ["1;one", '2;"two; or so"\n3;', "x;no number"]);
  await running.put("headed", ["b,a\nfour,4\nfive,5\n"]);
  await running.instance.flush();
  expect(await running.rows("select a, b, _row_index from plain order by a")).toEqual([
    [1, "one", 0],
    [2, "two; or so", 0],
    [3, null, 1],
  ]);
  expect(await running.rows("select a, b from headed order by a")).toEqual([
    [4, "four"],
    [5, "five"],
  ]);
  const audit = await running.instance.audit();
  expect(audit).toMatchObject({ ok: true, findings: [] });
  expect(countsOf(audit, "plain")).toEqual(counts({ acked: 3, delivered: 3, deadLettered: 1, loaded: 3 }));
});

test("a transform makes none, one or several rows of a record, and one that throws makes a dead letter", async () => {
  const running = await pipelineOf(`
    export default pipeline("p", { tables: [
      table("items", {
        from: stream("orders"),
        columns: { order_id: integer().notNull(), item: varchar(20) },
        transform: (order) => {
          if (order.broken) throw new Error("broken on purpose");
          return (order.items as string[]).map((item) => ({ order_id: order.id, item }));
        },
      }),
    ] });`);
  const sequences = await running.put("orders", [
    { id: 1, items: ["pen", "ink"] },
    { id: 2, items: [] },
    { id: 3, items: ["paper"] },
    { id: 4, broken: true },
  ]);
  await running.instance.flush();
  expect(await running.rows("select order_id, item, _row_index from items order by 1, 3")).toEqual([
    [1, "pen", 0],
    [1, "ink", 1],
    [3, "paper", 0],
  ]);
  const audit = await running.instance.audit();
  expect(audit).toMatchObject({ ok: true, findings: [] });
  expect(countsOf(audit, "items")).toEqual(counts({ acked: 4, delivered: 3, filtered: 1, deadLettered: 1, loaded: 3 }));
  const outcomes = await Promise.all(sequences.map((sequence) => running.instance.trace(sequence)));
  expect(outcomes.map((trace) => trace?.tables[0]?.rows.map((row) => row.outcome))).toEqual([
    ["loaded", "loaded"],
    ["filtered"],
    ["loaded"],
    ["dead"],
  ]);
  expect(outcomes[3]?.tables[0]?.rows[0]?.reason).toContain("broken on purpose");
});

test("dedupe keeps the first or the latest of a key, within a load and over loads", async () => {
  const running = await pipelineOf(`
    const states = stream("states");
    const columns = { id: integer().notNull(), state: varchar(20) };
    export default pipeline("p", { tables: [
      table("firsts", { from: states, columns, dedupe: { by: "id", keep: "first" } }),
      table("latests", { from: states, columns, dedupe: { by: ["id"], keep: "latest" } }),
    ] });`);
  const before = await running.put("states", [
    { id: 1, state: "new" },
    { id: 1, state: "paid" },
    { id: 2, state: "new" },
  ]);
  await running.instance.flush();
  const after = await running.put("states", [{ id: 1, state: "sent" }]);
  await running.instance.flush();
  expect(await running.rows("select id, state from firsts order by id")).toEqual([
    [1, "new"],
    [2, "new"],
  ]);
  expect(await running.rows("select id, state from latests order by id")).toEqual([
    [1, "sent"],
    [2, "new"],
  ]);
  const audit = await running.instance.audit();
  expect(audit).toMatchObject({ ok: true, findings: [] });
  for (const table of ["firsts", "latests"]) {
    expect(countsOf(audit, table), table).toEqual(counts({ acked: 4, delivered: 4, deduped: 2, loaded: 2 }));
  }
  const outcomes = async (sequence: string) =>
    (await running.instance.trace(sequence))?.tables.map(({ rows }) => rows[0]?.outcome);
  expect(await outcomes(before[0]!)).toEqual(["loaded", "deduped"]);
  expect(await outcomes(before[1]!)).toEqual(["deduped", "deduped"]);
  expect(await outcomes(after[0]!)).toEqual(["deduped", "loaded"]);
});

test("unknown fields are ignored, rejected or kept", async () => {
  const running = await pipelineOf(`
    const from = stream("events");
    const columns = { id: integer().notNull() };
    export default pipeline("p", { tables: [
      table("ignoring", { from, columns }),
      table("rejecting", { from, columns, format: json({ unknownFields: "reject" }) }),
      table("keeping", { from, columns: { ...columns, rest: superType() }, format: json({ unknownFields: "keep", keepIn: "rest" }) }),
    ] });`);
  await running.put("events", [{ id: 1 }, { id: 2, more: [1, { deep: true }] }]);
  await running.instance.flush();
  expect(await running.rows("select id from ignoring order by id")).toEqual([[1], [2]]);
  expect(await running.rows("select id from rejecting")).toEqual([[1]]);
  expect(await running.rows("select id, json_serialize(rest) from keeping order by id")).toEqual([
    [1, null],
    [2, '{"more":[1,{"deep":true}]}'],
  ]);
  expect(await running.instance.deadLetters({ limit: 10 })).toMatchObject({
    groups: [{ table: "rejecting", count: 1 }],
    letters: [{ message: expect.stringContaining("more") }],
  });
  expect(await running.instance.audit()).toMatchObject({ ok: true, findings: [] });
});

test("gzip, KPL aggregates and JSON objects one after another all come to one row an object", async () => {
  const running = await pipelineOf(`
    export default pipeline("p", { tables: [ table("t", { from: stream("s"), columns: { id: integer().notNull() } }) ] });`);
  const aggregate = encodeKpl([
    { partitionKey: "a", data: bytesOf({ id: 4 }) },
    { partitionKey: "b", data: bytesOf('{"id":5}{"id":6}') },
    { partitionKey: "a", data: bytesOf("nothing") },
  ]);
  const sequences = await running.put("s", [
    { id: 0 },
    gzipSync('{"id":1}\n{"id":2}'),
    '{"id":3}',
    aggregate,
    '{"id":7} {"id":"x"}{"id":8}',
  ]);
  await running.instance.flush();
  expect(await running.rows("select id, _row_index from t order by id")).toEqual([
    [0, 0],
    [1, 0],
    [2, 1],
    [3, 0],
    [4, 0],
    [5, 1],
    [6, 2],
    [7, 0],
    [8, 2],
  ]);
  const audit = await running.instance.audit();
  expect(audit).toMatchObject({ ok: true, findings: [] });
  expect(countsOf(audit, "t")).toEqual(counts({ acked: 5, delivered: 9, deadLettered: 2, loaded: 9 }));
  expect((await running.instance.trace(sequences[3]!))?.tables[0]?.rows.map(({ outcome }) => outcome).sort()).toEqual([
    "dead",
    "loaded",
    "loaded",
    "loaded",
  ]);
});

test("the lake's objects may be JSON or CSV, packed or not, and apart by day", async () => {
  const running = await pipelineOf(`
    const from = stream("s");
    const columns = { id: integer().notNull(), at: timestamptz(), note: varchar(40), amount: decimal(12, 2), big: bigint(), ok: boolean() };
    export default pipeline("p", { tables: [
      table("as_json", { from, columns, deliver: { format: "json", compression: "gzip" } }),
      table("as_csv", { from, columns, deliver: { format: "csv", compression: "none" } }),
      table("by_day", { from, columns, deliver: { partitionBy: day("at") } }),
    ] });`);
  await running.put("s", [
    {
      id: 1,
      at: "2026-01-01T23:59:59.999999Z",
      note: 'a "quoted", line\nand another',
      amount: 1.5,
      big: "9007199254740993",
      ok: true,
    },
    { id: 2, at: "2026-01-02T00:00:00Z", note: "", amount: "-0.01" },
    { id: 3, note: "NULL", big: 1, ok: false },
    { id: "none" },
  ]);
  await running.instance.flush();
  const expected = [
    [1, "2026-01-01T23:59:59.999999Z", 'a "quoted", line\nand another', "1.50", "9007199254740993", true],
    [2, "2026-01-02T00:00:00Z", "", "-0.01", null, null],
    [3, null, "NULL", null, "1", false],
  ];
  for (const table of ["as_json", "as_csv", "by_day"]) {
    expect(
      await running.rows(`select id, "at", note, amount::varchar, big::varchar, ok from ${table} order by id`),
      table,
    ).toEqual(expected);
  }
  const keys = await readdir(join(running.folder, ".penstock/lake"), { recursive: true });
  expect(
    keys
      .filter((key) => key.includes("by_day") && /day=[^/]+$/.test(key))
      .map((key) => key.split("/").at(-1))
      .sort(),
  ).toEqual(["day=2026-01-01", "day=2026-01-02", "day=__HIVE_DEFAULT_PARTITION__"]);
  const audit = await running.instance.audit();
  expect(audit).toMatchObject({ ok: true, findings: [] });
  for (const table of ["as_json", "as_csv", "by_day"]) {
    expect(countsOf(audit, table), table).toEqual(counts({ acked: 4, delivered: 3, deadLettered: 1, loaded: 3 }));
  }
});

test("a dead letter is in the warehouse with its reason and its bytes, and under the error prefix in Firehose's form", async () => {
  const running = await pipelineOf(`
    export default pipeline("p", { tables: [
      table("t", { from: stream("s"), columns: { id: integer().notNull(), n: smallint() }, deliver: { errorPrefix: "wrong/!{firehose:error-output-type}/" } }),
    ] });`);
  const bad = ["not json at all", '{"n":1}', '{"id":1,"n":70000}', Uint8Array.of(0xff, 0xfe, 0x00)];
  const sequences = await running.put("s", [...bad, { id: 2, n: 3 }]);
  await running.instance.flush();
  const letters = await running.rows(
    "select sequence_number, error_code, column_name, error_message from penstock.dead_letters order by sequence",
  );
  expect(letters.map(([sequence]) => sequence)).toEqual(sequences.slice(0, 4));
  expect(letters.map(([, , column]) => column)).toEqual([null, "id", "n", null]);
  for (const [, code, , message] of letters) {
    expect(code).not.toBe("");
    expect(message).not.toBe("");
  }
  const page = await running.instance.deadLetters({ limit: 10 });
  expect(page.letters.map((letter) => Buffer.from(letter.rawBase64, "base64"))).toEqual(
    bad.map((raw) => Buffer.from(bytesOf(raw))),
  );

  const [path] = (await readdir(join(running.folder, ".penstock/lake/wrong/format-conversion-failed"))).map((name) =>
    join(running.folder, ".penstock/lake/wrong/format-conversion-failed", name),
  );
  const lines = (await readFile(path!, "utf8")).trimEnd().split("\n");
  expect(lines).toHaveLength(4);
  // Which of them comes first depends on how each was read.
  const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  for (const [index, raw] of bad.entries()) {
    expect(entries.find(({ sequenceNumber }) => sequenceNumber === sequences[index])).toMatchObject({
      attemptsMade: expect.any(Number),
      arrivalTimestamp: expect.any(Number),
      errorCode: expect.any(String),
      errorMessage: expect.any(String),
      attemptEndingTimestamp: expect.any(Number),
      rawData: Buffer.from(bytesOf(raw)).toString("base64"),
    });
  }
});
