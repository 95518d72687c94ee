/**
 * The load: PutRecords from a process of its own, so that it takes nothing from the server's event loop, over raw keep-alive
 * sockets with bodies built beforehand, so that it is not what is measured. Every answer is checked: 200, and no record refused.
 *
 *     node load-worker.js '{"port":..., "stream":..., ...}'   ->  one line of JSON, a LoadResult
 */
import { open } from "node:fs/promises";
import type { LoadOptions, LoadResult } from "./load.js";
import { callKinesis, kinesisRequest, openConnection } from "./raw-connection.js";

const RECORDS_PER_REQUEST = 500;
/** Bodies that are sent in turn: enough that no cache of the server's knows them, few enough to build quickly. */
const DISTINCT_BODIES = 48;

const options = JSON.parse(process.argv[2]!) as LoadOptions;
const result = options.ndjson === undefined ? await putMade(options) : await putFile(options, options.ndjson);
process.stdout.write(`${JSON.stringify(result)}\n`);

async function putMade(options: LoadOptions): Promise<LoadResult> {
  const bodies = Array.from({ length: DISTINCT_BODIES }, (_, i) => bodyOf(options, i));
  const requests = bodies.map((body) => kinesisRequest(options.port, "PutRecords", body));
  const warm = Math.min(8, Math.ceil(options.records / RECORDS_PER_REQUEST / 10));
  await run(options, nextOf(requests, warm * options.connections));
  return run(options, nextOf(requests, Math.ceil(options.records / RECORDS_PER_REQUEST)));
}

function nextOf(
  requests: readonly Buffer[],
  count: number,
): () => Promise<{ request: Buffer; records: number } | undefined> {
  let sent = 0;
  return async () =>
    sent < count ? { request: requests[sent++ % requests.length]!, records: RECORDS_PER_REQUEST } : undefined;
}

/** Lines of a file, each a record, in requests of 500; read a piece at a time. */
async function putFile(options: LoadOptions, path: string): Promise<LoadResult> {
  const file = await open(path);
  const lines = file.readLines()[Symbol.asyncIterator]();
  let turn: Promise<unknown> = Promise.resolve();
  let key = 0;
  const build = async () => {
    const records: string[] = [];
    while (records.length < RECORDS_PER_REQUEST) {
      const { value, done } = await lines.next();
      if (done === true) break;
      records.push(recordOf(`${key++ % 1009}`, Buffer.from(value)));
    }
    if (records.length === 0) return undefined;
    const request = kinesisRequest(options.port, "PutRecords", putRecordsBody(options.stream, records));
    return { request, records: records.length };
  };
  try {
    return await run(options, () => {
      const built = turn.then(build);
      turn = built;
      return built;
    });
  } finally {
    await file.close();
  }
}

async function run(
  options: LoadOptions,
  next: () => Promise<{ request: Buffer; records: number } | undefined>,
): Promise<LoadResult> {
  const connections = await Promise.all(
    Array.from({ length: options.connections }, () => openConnection(options.port)),
  );
  const latenciesMs: number[] = [];
  let records = 0;
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  await Promise.all(
    connections.map(async (connection) => {
      for (let work = await next(); work !== undefined; work = await next()) {
        const sentMs = performance.now();
        const { status, body } = await connection.send(work.request);
        latenciesMs.push(performance.now() - sentMs);
        if (status !== 200) throw new Error(`PutRecords answered ${status}: ${body.toString().slice(0, 500)}`);
        // The count stands at one end of the answer or at the other, as the server likes.
        const ends = body.toString("latin1", 0, 200) + body.toString("latin1", Math.max(0, body.length - 200));
        if (!/"FailedRecordCount":\s*0\b/.test(ends)) throw new Error(`Records were refused: ${ends}`);
        records += work.records;
      }
    }),
  );
  const tookMs = performance.now() - start;
  const cpu = process.cpuUsage(cpuBefore);
  for (const connection of connections) connection.close();
  latenciesMs.sort((a, b) => a - b);
  return {
    records,
    tookMs,
    recordsPerSecond: (records / tookMs) * 1000,
    latencyMsP50: latenciesMs[Math.floor(latenciesMs.length * 0.5)] ?? 0,
    latencyMsP99: latenciesMs[Math.floor(latenciesMs.length * 0.99)] ?? 0,
    cpuMs: (cpu.user + cpu.system) / 1000,
  };
}

function bodyOf(options: LoadOptions, number: number): string {
  return putRecordsBody(
    options.stream,
    Array.from({ length: RECORDS_PER_REQUEST }, (_, i) => {
      const key = options.keys === "unique" ? `order-${number * RECORDS_PER_REQUEST + i}-${i * 7919}` : `key-${i % 10}`;
      return recordOf(key, quote(options.recordBytes, number * RECORDS_PER_REQUEST + i));
    }),
  );
}

function putRecordsBody(stream: string, records: readonly string[]): string {
  return `{"StreamName":${JSON.stringify(stream)},"Records":[${records.join(",")}]}`;
}

function recordOf(key: string, data: Buffer): string {
  return `{"Data":"${data.toString("base64")}","PartitionKey":${JSON.stringify(key)}}`;
}

/** A quote as JSON, padded to the size. */
function quote(bytes: number, number: number): Buffer {
  const bid = (400 + (number % 5000) / 100).toFixed(2);
  const record = {
    symbol: "SPY",
    bid,
    ask: (Number(bid) + 0.01).toFixed(2),
    bid_size: 100 + (number % 900),
    ask_size: 100 + ((number * 7) % 900),
    quoted_at: new Date(1_760_000_000_000 + number * 37).toISOString(),
    venue: "",
  };
  const short = bytes - JSON.stringify(record).length;
  return Buffer.from(JSON.stringify({ ...record, venue: "x".repeat(Math.max(0, short)) }));
}

// Asked for once more at the end, so that a stream that went away would not count as fast.
await callKinesis(options.port, "DescribeStreamSummary", { StreamName: options.stream });
