import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, it, onTestFinished } from "vitest";
import { openEndpoint } from "../../src/cli/put/endpoint.js";
import type { ParquetInput } from "../../src/cli/put/input.js";
import { records } from "../../src/cli/put/records.js";
import { sendAll } from "../../src/cli/put/sender.js";
import { runningStage, stage } from "./stage.js";

const lines = (count: number) => Array.from({ length: count }, (_, index) => `{"symbol":"SPY","n":${index}}`);
const sorted = (values: readonly string[]) => [...values].sort();

describe("put reads", () => {
  it("NDJSON, line by line and byte for byte, whatever a line holds", async () => {
    const { run, recordsOf } = await runningStage();
    const wanted = ['{"a":1}', '{"a": "ü€😀" }', "not json at all", '{"a":"\\n"}'];
    const ran = await run(["put", "quotes", "-", "--format", "ndjson"], {
      stdin: `${wanted[0]}\r\n\n${wanted.slice(1).join("\n")}`,
    });
    expect([ran.code, ran.stderr]).toEqual([0, ""]);
    expect(sorted((await recordsOf("quotes")).map((record) => record.data))).toEqual(sorted(wanted));
  });

  it("a gzip file over many chunks", async () => {
    const { run, recordsOf, directory } = await runningStage();
    const wanted = lines(60_000);
    await writeFile(join(directory, "q.ndjson.gz"), gzipSync(wanted.join("\n")));
    const ran = await run(["put", "quotes", "q.ndjson.gz", "--json"]);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      stream: "quotes",
      read: 60_000,
      acked: 60_000,
      rejectedCount: 0,
      retried: 0,
    });
    expect(sorted((await recordsOf("quotes")).map((record) => record.data))).toEqual(sorted(wanted));
    for (const cutAt of [30, 100_000]) {
      await writeFile(join(directory, "cut.gz"), gzipSync(wanted.join("\n")).subarray(0, cutAt));
      const cut = await run(["put", "quotes", "cut.gz", "--json"]);
      expect([cut.code, cut.stderr]).toEqual([2, expect.stringContaining("damaged or cut short")]);
    }
  });

  it("a JSON array, each element on one line", async () => {
    const { run, recordsOf } = await runningStage();
    const elements = [{ a: [1, { b: "],}" }] }, { a: 'q"uo\\te' }, "text", 5, []];
    await run(["put", "quotes"], { stdin: ` ${JSON.stringify(elements, null, 2)}\n` });
    const found = (await recordsOf("quotes")).map((record) => record.data);
    expect(found.some((data) => data.includes("\n"))).toBe(false);
    expect(sorted(found.map((data) => JSON.stringify(JSON.parse(data))))).toEqual(
      sorted(elements.map((one) => JSON.stringify(one))),
    );
    const cut = await run(["put", "quotes"], { stdin: '[{"a":1},{"a":' });
    expect([cut.code, cut.stderr]).toEqual([2, expect.stringContaining("has no end")]);
  });

  it("CSV into a JSON table, with the columns' types", async () => {
    const { run, recordsOf } = await runningStage();
    await run(["put", "quotes", "-"], {
      stdin: 'symbol,bid,quoted_at,extra\nSPY,512.2500,2026-03-02T14:30:00Z,"a ""b"",\nc"\nQQQ,,2026-03-02,007\n',
    });
    const found = sorted((await recordsOf("quotes")).map((record) => record.data));
    expect(found).toEqual([
      '{"symbol":"QQQ","bid":null,"quoted_at":"2026-03-02","extra":"007"}',
      '{"symbol":"SPY","bid":512.2500,"quoted_at":"2026-03-02T14:30:00Z","extra":"a \\"b\\",\\nc"}',
    ]);
  });

  it("CSV into a CSV table through Firehose: as it is, or put into the columns' order", async () => {
    const { run, recordsOf } = await runningStage();
    const asIs = await run(["put", "prices", "-"], { stdin: 'day,close,note\n2026-03-02,512.25,"a, b"\n' });
    expect([asIs.code, asIs.stderr]).toEqual([0, ""]);
    await run(["put", "prices", "-", "--delimiter", ";"], { stdin: 'note;close;day\n"x,y";1.5;2026-03-04\n' });
    await run(["put", "prices", "-"], { stdin: "2026-03-05,7,\n" });
    const found = (await recordsOf("prices")).map((record) => record.data);
    expect(found).toContain('2026-03-02,512.25,"a, b"');
    expect(found).toContain('2026-03-04,1.5,"x,y"');
    expect(found).toContain("2026-03-05,7,");
  });

  it("Parquet, from a file and from standard input", async () => {
    const { run, recordsOf, directory } = await runningStage();
    const path = join(directory, "q.parquet");
    const db = await DuckDBInstance.create(":memory:");
    const connection = await db.connect();
    await connection.run(
      `COPY (SELECT 'S' || i AS symbol, i / 4 AS bid, 9007199254740993 + i AS big FROM range(5000) r(i)) TO '${path}' (FORMAT parquet)`,
    );
    const ran = await run(["put", "quotes", "q.parquet", "--partition-key", "symbol", "--json"]);
    expect(JSON.parse(ran.stdout)).toMatchObject({ acked: 5000 });
    const found = await recordsOf("quotes");
    expect(found.every((record) => JSON.parse(record.data).symbol === record.key)).toBe(true);
    expect(found.map((record) => record.data)).toContain('{"symbol":"S3","bid":0.75,"big":9007199254740996}');
    const { readFile } = await import("node:fs/promises");
    const again = await run(["put", "quotes", "-", "--json"], { stdin: await readFile(path) });
    expect(JSON.parse(again.stdout)).toMatchObject({ acked: 5000 });
  });
});

it("how much of a Parquet file has been read is known by its rows", async () => {
  const { directory } = await stage();
  const path = join(directory, "q.parquet");
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  await connection.run(`COPY (SELECT i AS n FROM range(10000) r(i)) TO '${path}' (FORMAT parquet)`);
  const parquet: ParquetInput = { path, share: 0 };
  const input = {
    format: "parquet",
    chunks: Readable.from([]),
    parquet,
    share: () => 0,
    close: async () => {},
  } as const;
  const target = { kind: "kinesis", stream: "q", format: "json", columns: [] } as const;
  const shares = [];
  let rows = 0;
  for await (const block of records(input, target, { keyField: undefined, header: undefined, delimiter: undefined })) {
    rows += block.length;
    shares.push([parquet.share, rows / 10_000]);
  }
  expect(rows).toBe(10_000);
  expect(shares.length).toBeGreaterThan(1);
  for (const [told, share] of shares) expect(told).toBe(share);
});

describe("put sends", () => {
  it("each record with the partition key of its field, and refuses one without it, saying how far it came", async () => {
    const { run, recordsOf } = await runningStage();
    const stdin = `${Array.from({ length: 30 }, (_, i) => `{"symbol":"S${i % 3}"}`).join("\n")}\n`;
    await run(["put", "quotes", "-", "--partition-key", "symbol"], { stdin });
    expect(new Set((await recordsOf("quotes")).map((record) => record.key))).toEqual(new Set(["S0", "S1", "S2"]));
    const ran = await run(["put", "quotes", "-", "--partition-key", "nope"], { stdin });
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining('no field "nope"')]);
    expect(ran.stderr).toContain("--skip 0");
  });

  it("again exactly the records that a full shard did not take", async () => {
    const { run, recordsOf } = await runningStage({ throughputLimits: true, shards: 1 });
    const wanted = lines(3000);
    const ran = await run(["put", "quotes", "-", "--json"], { stdin: wanted.join("\n") });
    const report = JSON.parse(ran.stdout);
    expect([ran.code, report.acked]).toEqual([0, 3000]);
    expect(report.retried).toBeGreaterThan(0);
    expect(sorted((await recordsOf("quotes")).map((record) => record.data))).toEqual(sorted(wanted));
  });

  it("the good records of a request whose one record is refused for good, and names that one", async () => {
    const { run, recordsOf } = await runningStage();
    const wanted = lines(40);
    const stdin = [...wanted.slice(0, 17), `{"symbol":"${"x".repeat(1_100_000)}"}`, ...wanted.slice(17)].join("\n");
    const ran = await run(["put", "quotes", "-", "--batch", "40"], { stdin });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("record 18 is refused");
    expect(sorted((await recordsOf("quotes")).map((record) => record.data))).toEqual(sorted(wanted));
  });

  it("no faster than --rate, and stops at Ctrl-C with the place to go on from", async () => {
    const { run, recordsOf } = await runningStage();
    const wanted = lines(100_000);
    let press = () => {};
    const pressing = setInterval(async () => {
      if ((await recordsOf("quotes")).length >= 100) press();
    }, 50);
    const ran = await run(["put", "quotes", "-", "--rate", "500"], {
      stdin: wanted.join("\n"),
      onStart: (interrupt) => {
        press = interrupt;
      },
    });
    clearInterval(pressing);
    expect(ran.code).toBe(130);
    const place = Number(/--skip (\d+)/.exec(ran.stderr)?.[1]);
    const first = sorted((await recordsOf("quotes")).map((record) => record.data));
    expect(first).toEqual(sorted(wanted.slice(0, place)));
    const rest = await run(["put", "quotes", "-", "--skip", String(place)], {
      stdin: wanted.slice(0, place + 700).join("\n"),
    });
    expect(rest.code).toBe(0);
    expect(sorted((await recordsOf("quotes")).map((record) => record.data))).toEqual(
      sorted(wanted.slice(0, place + 700)),
    );
  });

  it("a slow program's records as they come, and stops at Ctrl-C while it waits for more", async () => {
    const { run, recordsOf } = await runningStage();
    const stdin = new PassThrough();
    let press = () => {};
    const running = run(["put", "quotes", "-"], {
      stdin,
      onStart: (interrupt) => {
        press = interrupt;
      },
    });
    stdin.write('{"symbol":"SPY"}\n{"symbol":"QQQ"}\n');
    await expect.poll(async () => (await recordsOf("quotes")).length, { timeout: 20_000 }).toBe(2);
    stdin.write('{"symbol":"IWM"}\n');
    await expect.poll(async () => (await recordsOf("quotes")).length, { timeout: 20_000 }).toBe(3);
    press();
    const ran = await running;
    expect([ran.code, ran.stderr]).toEqual([130, expect.stringContaining("--skip 3")]);
  });

  it("to a stream that is not there: the names that are", async () => {
    const { run } = await runningStage();
    const ran = await run(["put", "nope", "-"], { stdin: "{}" });
    expect([ran.code, ran.stderr]).toEqual([
      1,
      expect.stringContaining("Streams: prices, quotes. Tables: prices, quotes."),
    ]);
    const absent = await run(["put", "quotes", "absent.csv"]);
    expect([absent.code, absent.stderr]).toEqual([2, expect.stringContaining("absent.csv")]);
  });

  it("gives up in time when the service is gone, and tells what is sure", async () => {
    const server = createServer((_request, response) => response.destroy());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const endpoint = openEndpoint({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      service: "kinesis",
      region: "us-east-1",
      credential: undefined,
      sockets: 2,
      timeoutMs: 1000,
    });
    async function* blocks() {
      yield lines(10).map((line) => ({ data: Buffer.from(line), key: undefined }));
    }
    const report = await sendAll(blocks(), {
      endpoint,
      stream: "quotes",
      service: "kinesis",
      batchRecords: 5,
      concurrency: 2,
      recordsPerSecond: undefined,
      retryMs: 300,
      signal: new AbortController().signal,
      onProgress: () => {},
    });
    endpoint.close();
    expect(report).toMatchObject({ acked: 0, answeredFromStart: 0, failure: { code: "unavailable" } });
  });
});
