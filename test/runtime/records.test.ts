import { expect, test } from "vitest";
import { run, temporaryFolder, writeDefinition } from "./running-pipeline.js";

const DEFINITION = `export default pipeline("p", { tables: [ table("t", { from: stream("s", { shards: 3 }), columns: { id: integer() } }) ] });`;

test("a stream's records are read newest first, page by page, each once", async () => {
  const folder = await temporaryFolder();
  await writeDefinition(folder, DEFINITION);
  const { instance, put } = await run(folder);
  for (let first = 0; first < 500; first += 100) {
    await put(
      "s",
      Array.from({ length: 100 }, (_, index) => ({ id: first + index })),
    );
  }
  const ids: number[] = [];
  const arrivals: number[] = [];
  let next: string | undefined;
  do {
    const page = await instance.records({ stream: "s", limit: 37, ...(next === undefined ? {} : { after: next }) });
    for (const record of page.records) {
      ids.push(JSON.parse(Buffer.from(record.rawBase64, "base64").toString()).id);
      arrivals.push(record.arrivedAtMs);
    }
    next = page.next;
  } while (next !== undefined);
  expect(arrivals).toEqual(arrivals.toSorted((a, b) => b - a));
  expect(ids.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, id) => id));
});

test("the records of one partition key are found among others, and can be traced", async () => {
  const folder = await temporaryFolder();
  await writeDefinition(folder, DEFINITION);
  const { instance, put } = await run(folder);
  await put(
    "s",
    Array.from({ length: 300 }, (_, id) => ({ id })),
  );
  const [some] = (await instance.records({ stream: "s", limit: 1 })).records;
  const found = await instance.records({ stream: "s", key: some!.partitionKey, limit: 5 });
  expect(found.records.every(({ partitionKey }) => partitionKey === some!.partitionKey)).toBe(true);
  expect(found.records.map(({ sequenceNumber }) => sequenceNumber)).toContain(some!.sequenceNumber);
  expect((await instance.trace(some!.sequenceNumber))?.sequence).toBe(some!.sequence);
  const none = await instance.records({ stream: "s", key: "nobody's", limit: 5 });
  expect(none).toEqual({ records: [], recordsRead: 300 });
});

test("a stream that is not there, and a cursor that is none, are refused", async () => {
  const folder = await temporaryFolder();
  await writeDefinition(folder, DEFINITION);
  const { instance } = await run(folder);
  await expect(instance.records({ stream: "nope", limit: 1 })).rejects.toThrow(/no stream "nope"/);
  await expect(instance.records({ stream: "s", limit: 1, after: "x" })).rejects.toThrow(/`next` of the page/);
});

test("an object of the lake says what its footer says; one that is gone is said to be", async () => {
  const folder = await temporaryFolder();
  await writeDefinition(folder, DEFINITION);
  const { instance, put } = await run(folder);
  await put("s", [{ id: 7 }, { id: 9 }]);
  await instance.flush();
  const keys = instance.status().tables[0]!.objects.map(({ key }) => key);
  const answers = await Promise.all(keys.map((key) => instance.object(key)));
  expect(answers.reduce((sum, { parquet }) => sum + parquet!.rows, 0)).toBe(2);
  const ids = answers.map(({ parquet }) => parquet!.columns.find(({ name }) => name === "id")!);
  expect(ids.every(({ type, nulls }) => type === "INT32" && nulls === 0)).toBe(true);
  expect(Math.max(...ids.map(({ largest }) => Number(largest)))).toBe(9);
  await expect(instance.object("tables/t/none.parquet")).rejects.toThrow(/no object/);
  await expect(instance.object("../format.json")).rejects.toThrow();
});
