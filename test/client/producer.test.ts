import { directPut, integer, stream, superType, table, varchar } from "penstock";
import { GivenUpError, type Producer, type ProducerOptions, producer, type RecordResult } from "penstock/client";
import { afterEach, describe, expect, test } from "vitest";
import { isPenstockError } from "../../src/core/errors.js";
import { decodeKpl } from "../../src/core/kpl.js";
import { type ScriptedServer, startScriptedServer } from "./scripted-server.js";

const events = table("events", {
  from: stream("events"),
  columns: { id: integer().notNull(), kind: varchar(10), rest: superType() },
  distKey: "kind",
});
const direct = table("direct", { from: directPut("direct-events"), columns: { id: integer().notNull() } });

const servers: ScriptedServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
const start: typeof startScriptedServer = async (kind, script) => {
  const server = await startScriptedServer(kind, script);
  servers.push(server);
  return server;
};
const open = (
  server: ScriptedServer,
  options: ProducerOptions<{ id: number; kind?: string | null | undefined }> = {},
) => producer(events, { endpoint: server.endpoint, lingerMs: 60_000, backoffMs: 1, backoffMsMax: 5, ...options });
/** Puts all of them in as few requests as there can be: nothing is sent before the flush, unless a request is full. */
async function putAll<R>(rows: Producer<R>, given: readonly R[]): Promise<RecordResult[]> {
  const results = given.map((row) => rows.put(row));
  await rows.flush();
  return await Promise.all(results);
}
const failureOf = async (promise: Promise<unknown>): Promise<Error> =>
  await promise.then(
    () => expect.unreachable("it should have failed"),
    (error: Error) => error,
  );
const ids = (records: readonly { readonly text: string }[]) =>
  records.map(({ text }) => (JSON.parse(text) as { id: number }).id);
const upTo = (count: number) => Array.from({ length: count }, (_, id) => id);

describe("a request", () => {
  test("holds the rows that were put together, with their keys", async () => {
    const server = await start("kinesis");
    await using rows = open(server);
    const results = await putAll(rows, [
      { id: 1, kind: "a" },
      { id: 2, kind: "b" },
    ]);
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]).toMatchObject({ action: "PutRecords", stream: "events" });
    expect(server.requests[0]!.records.map(({ text, partitionKey }) => [text, partitionKey])).toEqual([
      ['{"id":1,"kind":"a"}', "a"],
      ['{"id":2,"kind":"b"}', "b"],
    ]);
    expect(results).toEqual([
      { shardId: "shardId-000000000000", sequenceNumber: "1", attempts: 1 },
      { shardId: "shardId-000000000000", sequenceNumber: "2", attempts: 1 },
    ]);
  });

  test("has at most 500 records and 10 MiB, keys included", async () => {
    const server = await start("kinesis");
    await using rows = open(server, { bufferBytesMax: 64 * 1024 * 1024, recordBytesMax: 2 * 1024 * 1024 });
    await putAll(
      rows,
      upTo(1201).map((id) => ({ id })),
    );
    expect(server.requests.map(({ records }) => records.length)).toEqual([500, 500, 201]);
    expect(server.taken).toHaveLength(1201);
    const big = upTo(25).map(() => rows.putBytes(Buffer.alloc(1024 * 1024, "x"), "k"));
    await rows.flush();
    await Promise.all(big);
    const large = server.requests.slice(3).map(({ records }) => records.length);
    expect(Math.max(...large)).toBe(9);
    expect(large.reduce((sum, count) => sum + count)).toBe(25);
  });

  test("is sent without waiting for the linger when it is full, and at a flush", async () => {
    const server = await start("kinesis");
    await using rows = open(server);
    await Promise.all(upTo(500).map((id) => rows.put({ id })));
    const last = rows.put({ id: 500 });
    await rows.flush();
    expect((await last).sequenceNumber).toBe("501");
  });

  test("goes without any AWS configuration to a local endpoint", async () => {
    const server = await start("kinesis");
    await using rows = producer(events, { endpoint: server.endpoint, lingerMs: 0 });
    expect((await rows.put({ id: 1 })).attempts).toBe(1);
  });
});

describe("a request that succeeds in part", () => {
  test("is repeated for exactly the records that failed", async () => {
    const failing = [
      { 1: "ProvisionedThroughputExceededException", 3: "InternalFailure" },
      { 0: "InternalFailure" },
      {},
    ];
    const server = await start("kinesis", (_, index) => ({ failed: failing[index]! }));
    await using rows = open(server);
    const results = await putAll(
      rows,
      upTo(5).map((id) => ({ id })),
    );
    expect(server.requests.map(({ records }) => ids(records))).toEqual([[0, 1, 2, 3, 4], [1, 3], [1]]);
    expect(results.map(({ attempts }) => attempts)).toEqual([1, 3, 1, 2, 1]);
    expect(ids(server.taken.map((text) => ({ text }))).sort()).toEqual([0, 1, 2, 3, 4]);
  });

  test("gives a record up after so many attempts, and says which", async () => {
    const server = await start("kinesis", ({ records }) => {
      const bad = ids(records).indexOf(1);
      return bad === -1 ? {} : { failed: { [bad]: "ProvisionedThroughputExceededException" } };
    });
    const rows = open(server, { attemptsMax: 3, lingerMs: 5 });
    const [good, bad] = [rows.put({ id: 0 }), rows.put({ id: 1 })];
    const error = await failureOf(bad);
    if (!(error instanceof GivenUpError)) throw error;
    expect(error).toMatchObject({
      code: "unavailable",
      attempts: 3,
      awsCode: "ProvisionedThroughputExceededException",
      row: { id: 1 },
    });
    expect(error.message).toBe(
      'A record for stream "events" was given up after it was sent 3 times: ProvisionedThroughputExceededException (scripted).',
    );
    expect((await good).attempts).toBe(1);
    const flushed = await failureOf(rows.close());
    expect(flushed.message).toContain("1 record was given up since the last flush");
    expect((flushed.cause as AggregateError).errors).toEqual([error]);
  });
});

describe("a request that fails as a whole", () => {
  test.each([
    ["a broken connection", { breakConnection: true }],
    ["an internal failure", { error: { status: 500, code: "InternalFailure" } }],
    ["throttling", { error: { status: 400, code: "ProvisionedThroughputExceededException" } }],
  ])("is sent again after %s", async (_, first) => {
    const server = await start("kinesis", (_request, index) => (index === 0 ? first : {}));
    await using rows = open(server);
    const results = await putAll(
      rows,
      upTo(3).map((id) => ({ id })),
    );
    // More than once again is allowed: a broken connection may be met a second time before its end is known.
    for (const { attempts } of results) expect(attempts).toBeGreaterThanOrEqual(2);
    expect(server.taken).toHaveLength(3);
  });

  test("is given up at once where it would only be refused again", async () => {
    const server = await start("kinesis", () => ({ error: { status: 400, code: "ResourceNotFoundException" } }));
    const rows = open(server, { lingerMs: 0 });
    const error = await failureOf(rows.put({ id: 1 }));
    expect(error).toMatchObject({ code: "refused", attempts: 1, awsCode: "ResourceNotFoundException" });
    expect(server.requests).toHaveLength(1);
    await failureOf(rows.close());
  });

  test("is given up when nobody listens", async () => {
    const rows = producer(events, { endpoint: "http://127.0.0.1:1", attemptsMax: 2, backoffMs: 1, lingerMs: 0 });
    expect(await failureOf(rows.put({ id: 1 }))).toMatchObject({ code: "unavailable", attempts: 2 });
    await failureOf(rows.close());
  });
});

describe("back-pressure", () => {
  const large = { id: 1, rest: "x".repeat(40_000) };

  test("makes put wait until there is room", async () => {
    let release = () => {};
    const hold = new Promise<void>((resolve) => {
      release = resolve;
    });
    const server = await start("kinesis", (_, index) => (index === 0 ? { hold } : {}));
    await using rows = open(server, { bufferBytesMax: 64 * 1024, lingerMs: 0, requestsMax: 2 });
    const first = rows.put(large);
    const second = rows.put(large);
    // Long enough for a second request, had there been room for it.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(server.requests).toHaveLength(1);
    release();
    await Promise.all([first, second]);
    expect(server.requests).toHaveLength(2);
  });

  test("makes put reject where that was asked for, until ready() says otherwise", async () => {
    let release = () => {};
    const hold = new Promise<void>((resolve) => {
      release = resolve;
    });
    const server = await start("kinesis", (_, index) => (index === 0 ? { hold } : {}));
    await using rows = open(server, { bufferBytesMax: 64 * 1024, lingerMs: 0, whenFull: "reject" });
    const first = rows.put(large);
    const refused = await failureOf(rows.put(large));
    expect(isPenstockError(refused, "unavailable")).toBe(true);
    expect(refused.message).toContain("65536 bytes under way");
    release();
    await rows.ready();
    await Promise.all([first, rows.put(large)]);
    expect(server.taken).toHaveLength(2);
  });

  test("keeps what is under way within the bound for a whole stream of rows", async () => {
    const server = await start("kinesis", (_, index) => (index % 3 === 0 ? { failed: { 0: "InternalFailure" } } : {}));
    await using rows = open(server, { bufferBytesMax: 64 * 1024, lingerMs: 1 });
    const results: Promise<unknown>[] = [];
    for (const id of upTo(300)) {
      await rows.ready();
      results.push(rows.put({ id, kind: "x".repeat(10) }));
    }
    await Promise.all(results);
    expect(ids(server.taken.map((text) => ({ text }))).sort((a, b) => a - b)).toEqual(upTo(300));
  });
});

describe("aggregation", () => {
  test("puts rows of one key into one record, which is told to each of them", async () => {
    const server = await start("kinesis");
    await using rows = open(server, { aggregate: true });
    const results = await putAll(
      rows,
      ["a", "b", "a", "a"].map((kind, id) => ({ id, kind })),
    );
    const [request] = server.requests;
    expect(request!.records.map(({ partitionKey }) => partitionKey)).toEqual(["a", "b"]);
    const inside = decodeKpl(request!.records[0]!.data)!.map(({ data }) => ({ text: Buffer.from(data).toString() }));
    expect(ids(inside)).toEqual([0, 2, 3]);
    // One row alone is sent as it is.
    expect(request!.records[1]!.text).toBe('{"id":1,"kind":"b"}');
    expect(results.map(({ sequenceNumber, subSequenceNumber }) => [sequenceNumber, subSequenceNumber])).toEqual([
      ["1", 0],
      ["2", undefined],
      ["1", 1],
      ["1", 2],
    ]);
  });

  test("keeps each aggregate within its size, and repeats the rows of one that failed", async () => {
    const server = await start("kinesis", (_, index) => (index === 0 ? { failed: { 1: "InternalFailure" } } : {}));
    await using rows = open(server, { aggregate: { bytesMax: 2048 } });
    const results = await putAll(
      rows,
      upTo(300).map((id) => ({ id, kind: "k" })),
    );
    const sizes = server.requests.flatMap(({ records }) => records.map(({ data }) => data.length));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2048);
    expect(Math.max(...sizes)).toBeGreaterThan(1000);
    expect(new Set(results.map(({ attempts }) => attempts))).toEqual(new Set([1, 2]));
    const first = server.requests[0]!.records;
    const again = server.requests[1]!.records;
    expect(again.map(({ data }) => decodeKpl(data)!.length)).toEqual([decodeKpl(first[1]!.data)!.length]);
  });
});

describe("a table that is fed directly", () => {
  test("goes through Firehose, and repeats what failed", async () => {
    const server = await start("firehose", (_, index) =>
      index === 0 ? { failed: { 0: "ServiceUnavailableException" } } : {},
    );
    await using rows = producer(direct, { endpoint: server.endpoint, lingerMs: 60_000, backoffMs: 1 });
    const results = await putAll(rows, [{ id: 1 }, { id: 2 }]);
    expect(server.requests[0]).toMatchObject({ action: "PutRecordBatch", stream: "direct-events" });
    expect(results).toEqual([
      { recordId: "record-2", attempts: 2 },
      { recordId: "record-1", attempts: 1 },
    ]);
  });

  test("has no aggregation", () => {
    expect(() => producer(direct, { aggregate: true })).toThrow("aggregate is for streams");
  });
});

test("a table that Redshift reads out of the stream itself has no aggregation", () => {
  const streamed = table("streamed", { from: stream("streamed"), columns: { id: integer() }, load: "streaming" });
  expect(() => producer(streamed, { aggregate: true })).toThrow('whose load is "streaming"');
});

describe("a producer", () => {
  test("refuses a row that is none of the table's before anything is sent", async () => {
    const server = await start("kinesis");
    await using rows = open(server);
    const error = await failureOf(rows.put({ id: 1.5, knd: "a", kind: "far too long a kind" } as never));
    expect(error).toMatchObject({ code: "invalid-argument" });
    expect(error.message).toMatch(
      /no column "knd" \(did you mean "kind"\?\).*id is 1\.5.*19 bytes of UTF-8; varchar\(10\) holds 10/,
    );
    expect(server.requests).toHaveLength(0);
  });

  test("refuses a record that is too large for the stream, and an empty one", async () => {
    const server = await start("kinesis");
    await using rows = open(server);
    const large = await failureOf(rows.putBytes(Buffer.alloc(1024 * 1024), "k"));
    expect(large.message).toContain("has 1048577 bytes; it must have 1 to 1048576, its key included");
    expect(await failureOf(rows.putBytes(Buffer.alloc(0), "k"))).toMatchObject({ code: "invalid-argument" });
    expect(server.requests).toHaveLength(0);
  });

  test("takes its key from the function that it was given, from the distKey, or at random", async () => {
    const server = await start("kinesis");
    await using rows = open(server, { lingerMs: 0, partitionKey: ({ id }) => `key-${id}` });
    await using others = open(server, { lingerMs: 0 });
    await rows.put({ id: 7 });
    await others.put({ id: 8, kind: "k" });
    await others.put({ id: 9, kind: null });
    const keys = server.requests.map(({ records }) => records[0]!.partitionKey);
    expect(keys.slice(0, 2)).toEqual(["key-7", "k"]);
    expect(keys[2]).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("takes nothing more once it is closed", async () => {
    const server = await start("kinesis");
    const rows = open(server);
    const last = rows.put({ id: 1 });
    await rows.close();
    expect((await last).sequenceNumber).toBe("1");
    expect(await failureOf(rows.put({ id: 2 }))).toMatchObject({ code: "refused" });
    await rows.close();
  });

  test("refuses options out of bounds, and asks for the source where there are several", () => {
    expect(() => producer(events, { attemptsMax: 0 })).toThrow(
      "attemptsMax is 0; it must be a whole number from 1 to 1000.",
    );
    const several = table("several", { from: [stream("a"), stream("b")], columns: { id: integer() } });
    expect(() => producer(several)).toThrow('Table "several" takes from several sources: a, b.');
    expect(() => producer(several, { source: "c" })).toThrow('source is "c"; table "several" takes from a, b.');
  });
});
