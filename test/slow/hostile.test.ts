import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PenstockProcess, runPenstock, startPenstock } from "../support/penstock-process.js";
import { callKinesis, kinesisRequest, openConnection } from "../support/raw-connection.js";

const definition = fileURLToPath(new URL("definitions/hostile.ts", import.meta.url));

let folder: string;
let instance: PenstockProcess;
let port: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "penstock-hostile-"));
  instance = await startPenstock({ definition, data: join(folder, "data") });
  port = Number(instance.aws.port);
});

afterAll(async () => {
  const code = await instance?.stop();
  await rm(folder, { recursive: true, force: true });
  expect(code, instance.log()).toBe(0);
});

async function put(stream: string, records: readonly (string | Uint8Array)[]) {
  const Records = records.map((data, i) => ({
    Data: Buffer.from(data as string).toString("base64"),
    PartitionKey: `${i}`,
  }));
  const answer = await callKinesis<{ FailedRecordCount: number }>(port, "PutRecords", { StreamName: stream, Records });
  expect(answer.FailedRecordCount).toBe(0);
}

/** The answer to one request on a connection of its own. */
async function answerTo(request: Uint8Array) {
  const connection = await openConnection(port);
  try {
    const { status, body } = await connection.send(request);
    return { status, text: body.toString() };
  } finally {
    connection.close();
  }
}

async function expectAlive(): Promise<void> {
  const answer = await callKinesis<{ StreamNames: string[] }>(port, "ListStreams", {});
  expect(answer.StreamNames).toEqual(["lines", "typed"]);
}

describe("a malformed request", () => {
  const put500 = (data: string) =>
    JSON.stringify({ StreamName: "typed", Records: [{ Data: data, PartitionKey: "k" }] });

  test.each([
    ["that is no JSON", kinesisBody("PutRecords", "{"), 400],
    ["that is no object", kinesisBody("PutRecords", "[]"), 400],
    ["without its members", kinesisBody("PutRecords", "{}"), 400],
    ["with members of other types", kinesisBody("PutRecords", '{"StreamName":5,"Records":"x"}'), 400],
    ["with data that is no base64", kinesisBody("PutRecords", put500("!!!")), 400],
    ["for no operation there is", kinesisBody("DropEverything", "{}"), 400],
    ["for a stream there is not", kinesisBody("DescribeStream", '{"StreamName":"absent"}'), 400],
    ["of too many records", kinesisBody("PutRecords", many(501)), 400],
    ["with a body nested without end", kinesisBody("PutRecords", "[".repeat(100_000)), 400],
    ["with an empty body", kinesisBody("PutRecords", ""), 400],
  ])("%s is answered with an error that says what is wrong", async (_, request, status) => {
    const answer = await answerTo(request());
    expect(answer.status).toBe(status);
    const { __type: type, ...rest } = JSON.parse(answer.text) as { __type: string; message?: string; Message?: string };
    expect(type).toMatch(/Exception$|^UnknownOperation/);
    expect(typeof (rest.message ?? rest.Message ?? "")).toBe("string");
    await expectAlive();
  });

  test("of a record of more than a mebibyte is refused with the limit in its message", async () => {
    const answer = await answerTo(kinesisBody("PutRecord", oneRecord(Buffer.alloc(1_048_577)))());
    expect(answer.status).toBe(400);
    expect(answer.text).toContain("1048576");
    await expectAlive();
  });

  test("of more than ten mebibytes is refused", async () => {
    const answer = await answerTo(kinesisBody("PutRecords", many(12, Buffer.alloc(1_000_000)))());
    expect([400, 413]).toContain(answer.status);
    await expectAlive();
  });

  test("that is no HTTP, half of a request, or a connection that says nothing disturbs nobody", async () => {
    const idle = connect(port, "127.0.0.1");
    const half = connect(port, "127.0.0.1", () =>
      half.write(kinesisBody("PutRecord", oneRecord(Buffer.alloc(100)))().subarray(0, 300)),
    );
    const noise = connect(port, "127.0.0.1", () =>
      noise.write(Buffer.from([0x16, 0x03, 0x01, 0, 0xff, 13, 10, 13, 10])),
    );
    for (const socket of [idle, half, noise]) socket.on("error", () => {});
    for (let i = 0; i < 20; i++) await expectAlive();
    for (const socket of [idle, half, noise]) socket.destroy();
    await expectAlive();
  });

  function kinesisBody(operation: string, body: string) {
    return () => kinesisRequest(port, operation, body);
  }

  function oneRecord(data: Buffer): string {
    return JSON.stringify({ StreamName: "typed", PartitionKey: "k", Data: data.toString("base64") });
  }

  function many(count: number, data = Buffer.from("x")): string {
    const record = { Data: data.toString("base64"), PartitionKey: "k" };
    return JSON.stringify({ StreamName: "typed", Records: Array.from({ length: count }, () => record) });
  }
});

describe("bad records", () => {
  const good = (id: number) =>
    JSON.stringify({
      id,
      name: `n${id}`,
      small: id % 1000,
      amount: "12.34",
      ratio: 0.5,
      flag: true,
      day: "2026-01-31",
      at: "2026-01-31T12:00:00Z",
    });
  const wrong = (change: string) => `{"id":1,${change}}`;

  /** Each is one dead letter, of that code (or one of those) and, where a column is to blame, of that column. */
  const BAD: readonly (readonly [what: string, data: string | Buffer, column: string | null])[] = [
    ["text", "this is no JSON", null],
    ["a cut object", '{"id":1,"name":"x', null],
    ["an array", "[1,2,3]", null],
    ["a number", "42", null],
    ["bytes that are no UTF-8", Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), null],
    ["an object nested without end, and without an id", `${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`, "id"],
    ["too long a text", wrong('"name":"eleven chars"'), "name"],
    ["too long a text by its bytes", wrong('"name":"\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"'), "name"],
    ["a number out of range", wrong('"small":40000'), "small"],
    ["text in place of a number", wrong('"small":"many"'), "small"],
    ["a decimal too wide", wrong('"amount":1234567.891'), "amount"],
    ["no boolean", wrong('"flag":"perhaps"'), "flag"],
    ["no date", wrong('"day":"2026-02-30"'), "day"],
    ["no time", wrong('"at":"yesterday"'), "at"],
    ["an object in place of a number", wrong('"small":{"a":1}'), "small"],
    ["no id", '{"name":"x"}', "id"],
    ["a null id", '{"id":null}', "id"],
    ["an id beyond 64 bits", '{"id":9223372036854775808}', "id"],
    ["U+0000 in a text", wrong('"name":"a\\u0000b"'), "name"],
  ];

  test("become dead letters that say why, and the good ones beside them are loaded", async () => {
    const goodCount = 200;
    const mixed: (string | Buffer)[] = [];
    for (let i = 0; i < goodCount; i++) {
      mixed.push(good(i + 1000));
      if (i % 10 === 0 && BAD[i / 10] !== undefined) mixed.push(BAD[i / 10]![1]);
    }
    await put("typed", mixed);
    await instance.flush();
    const { rows } = await instance.query(
      "select count(*), count(distinct id), min(id), max(id) from typed where id >= 1000",
    );
    expect(rows[0]!.map(Number)).toEqual([goodCount, goodCount, 1000, 1000 + goodCount - 1]);
    const letters = await deadLetters("typed");
    for (const [what, data, column] of BAD) {
      const raw = Buffer.from(data as string).toString("base64");
      const letter = letters.find((one) => one.rawBase64 === raw);
      expect(letter, what).toBeDefined();
      expect(letter!.column, what).toBe(column);
      expect(letter!.message.length, what).toBeGreaterThan(10);
    }
    expect(letters.length).toBe(BAD.length);
    expect(await instance.audit()).toMatchObject({ ok: true, lost: 0, duplicated: 0, pending: 0 });
  });

  test("of CSV become dead letters, and the good lines beside them are loaded", async () => {
    const bad = [
      "1,x",
      "1,x,2,3",
      '1,"never closed,2',
      "one,x,2",
      "1,eleven chars,2",
      "99999999999999999999,x,2",
      '1,x"y"z,"2"3',
    ];
    const lines: string[] = [];
    for (let i = 0; i < 100; i++) {
      lines.push(`${2000 + i},"n,${i}",${i}`);
      if (bad[i] !== undefined) lines.push(bad[i]!);
    }
    await put("lines", lines);
    await instance.flush();
    const { rows } = await instance.query("select count(*) from lines where id >= 2000 and name like 'n,%'");
    expect(Number(rows[0]![0])).toBe(100);
    const raw = (await deadLetters("lines")).map(({ rawBase64 }) => Buffer.from(rawBase64, "base64").toString());
    const loaded = Number((await instance.query("select count(*) from lines")).rows[0]![0]);
    expect(loaded + raw.length).toBe(lines.length);
    for (const line of bad.slice(0, 6)) expect(raw, line).toContain(line);
    expect(await instance.audit()).toMatchObject({ ok: true, lost: 0, duplicated: 0, pending: 0 });
  });

  test("of ten thousand fields, and of the largest size, are taken as any other", async () => {
    const wide = JSON.stringify({
      id: 3000,
      ...Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`f${i}`, i])),
    });
    const large = JSON.stringify({ id: 3001, ignored: "x".repeat(1_000_000) });
    await put("typed", [wide, good(3002)]);
    await put("typed", [large]);
    await instance.flush();
    const { rows } = await instance.query("select id from typed where id between 3000 and 3002 order by id");
    expect(rows.map(([id]) => Number(id))).toEqual([3000, 3001, 3002]);
  });

  test("that unpack to very much more than they are do not take the memory with them", async () => {
    const bomb = gzipSync(Buffer.alloc(300 * 2 ** 20, " "));
    await put("typed", [bomb, good(4000)]);
    await instance.flush();
    const { rows } = await instance.query("select count(*) from typed where id = 4000");
    expect(Number(rows[0]![0])).toBe(1);
    expect(instance.memory().peakBytes).toBeLessThan(1_000 * 2 ** 20);
    expect(await instance.audit()).toMatchObject({ ok: true, lost: 0, duplicated: 0, pending: 0 });
  });

  async function deadLetters(table: string) {
    const letters: { column: string | null; message: string; rawBase64: string }[] = [];
    let after: string | undefined;
    do {
      const query = new URLSearchParams({ table, limit: "100", ...(after === undefined ? {} : { after }) });
      const page = (await (await fetch(new URL(`/api/dead-letters?${query}`, instance.console))).json()) as {
        letters: { id: string; column: string | null; message: string; rawBase64: string }[];
        next?: string;
      };
      letters.push(...page.letters);
      after = page.next;
    } while (after !== undefined);
    return letters;
  }
});

describe("a hostile definition", () => {
  test("of ten thousand columns is refused with the limit, and nothing is made", async () => {
    const columns = Array.from({ length: 10_000 }, (_, i) => `c${i}: integer()`).join(", ");
    const path = join(folder, "wide.ts");
    await writeFile(
      path,
      `import { integer, pipeline, stream, table } from "penstock";
       export default pipeline("wide", { tables: [table("wide", { from: stream("wide"), columns: { ${columns} } })] });`,
    );
    const { code, stderr } = await runPenstock("validate", path);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/1,?596|1,?600/);
    expect(stderr).toContain("columns");
  });

  test("of as many columns as are allowed is carried to the warehouse, in memory of its own measure", async () => {
    const names = Array.from({ length: 1_500 }, (_, i) => `c${i}`);
    const path = join(folder, "widest.ts");
    await writeFile(
      path,
      `import { pipeline, stream, table, varchar } from "penstock";
       const columns = Object.fromEntries(${JSON.stringify(names)}.map((name) => [name, varchar(40)]));
       export default pipeline("widest", { tables: [table("widest", { from: stream("widest"), columns, deliver: { bufferMiB: 8, bufferSeconds: 1 } })] });`,
    );
    const wide = await startPenstock({ definition: path, data: join(folder, "widest") });
    try {
      const records = Array.from({ length: 100 }, (_, row) => ({
        Data: Buffer.from(
          JSON.stringify(Object.fromEntries(names.map((name) => [name, `${name} of ${row}`]))),
        ).toString("base64"),
        PartitionKey: `${row}`,
      }));
      const request = { StreamName: "widest", Records: records };
      for (let round = 0; round < 20; round++) {
        await callKinesis(Number(wide.aws.port), "PutRecords", request);
      }
      await wide.flush();
      const { rows } = await wide.query("SELECT count(*), count(DISTINCT c1499) FROM widest");
      expect(rows[0]?.map(Number)).toEqual([2_000, 100]);
    } finally {
      await wide.stop();
    }
  });
});
