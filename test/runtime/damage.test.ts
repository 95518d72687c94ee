import { open, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UpdateShardCountCommand } from "@aws-sdk/client-kinesis";
import { describe, expect, test } from "vitest";
import { run, temporaryFolder, writeDefinition } from "./running-pipeline.js";

/** A pipeline that has run, delivered its records and stopped. */
async function stopped(records: number): Promise<{ folder: string; segment: string }> {
  const folder = await temporaryFolder();
  await writeDefinition(
    folder,
    'export default pipeline("p", { tables: [table("t", { from: stream("s"), format: json(), columns: { id: integer() } })] });',
  );
  const pipeline = await run(folder);
  for (let first = 0; first < records; first += 50) {
    await pipeline.put(
      "s",
      Array.from({ length: 50 }, (_, index) => ({ id: first + index })),
    );
  }
  await pipeline.instance.flush();
  await pipeline.close();
  const streamFolder = join(folder, ".penstock", "streams", "s.stream");
  const [segment] = (await readdir(streamFolder)).filter((name) => name.endsWith(".segment"));
  return { folder, segment: join(streamFolder, segment!) };
}

async function flip(path: string, at: number): Promise<void> {
  const file = await open(path, "r+");
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  byte[0]! ^= 4;
  await file.write(byte, 0, 1, at);
  await file.close();
}

describe("records put after a damage are loaded under identities of their own:", () => {
  test.each<[string, (segment: string) => Promise<void>]>([
    ["the journal cut short", async (path) => truncate(path, Math.floor((await stat(path)).size / 2))],
    ["the journal's file emptied", (path) => truncate(path, 0)],
    ["the journal's file removed", (path) => rm(path)],
    ["a bit of its first mark", (path) => flip(path, 5)],
    ["a bit in its middle", async (path) => flip(path, Math.floor((await stat(path)).size / 2))],
    ["a bit at its end", async (path) => flip(path, (await stat(path)).size - 9)],
  ])("%s", async (_, damage) => {
    const { folder, segment } = await stopped(200);
    await damage(segment);
    for (let life = 1; life <= 2; life++) {
      const pipeline = await run(folder);
      await pipeline.put("s", [{ id: -life }]);
      await pipeline.instance.flush();
      expect(await pipeline.rows("select count(*), count(distinct id), min(id) from t")).toEqual([
        [200 + life, 200 + life, -life],
      ]);
      const { lost, duplicated, tables } = await pipeline.instance.audit();
      expect({ lost, duplicated, loaded: tables[0]!.loaded }).toEqual({ lost: 0, duplicated: 0, loaded: 200 + life });
      await pipeline.close();
    }
  });
});

test.each<[string, (path: string) => Promise<void>]>([
  ["torn", (path) => writeFile(path, "{ torn")],
  [
    "of other numbers",
    async (path) => writeFile(path, (await readFile(path, "utf8")).replace(/"nextShard": \d/, '"nextShard": 7')),
  ],
  ["gone", (path) => rm(path)],
])("a stream.json that is %s is made again from its copy, with every change that was answered", async (_, damage) => {
  const { folder, segment } = await stopped(50);
  const grown = await run(folder);
  await grown.kinesis.send(
    new UpdateShardCountCommand({ StreamName: "s", TargetShardCount: 2, ScalingType: "UNIFORM_SCALING" }),
  );
  await expect.poll(() => grown.instance.status().streams[0]!.openShards, { timeout: 10_000 }).toBe(2);
  await grown.close();
  await damage(join(segment, "..", "stream.json"));
  const pipeline = await run(folder);
  expect(pipeline.instance.status().streams[0]!.openShards).toBe(2);
  await pipeline.put("s", [{ id: -1 }]);
  await pipeline.instance.flush();
  expect(await pipeline.instance.audit()).toMatchObject({ ok: true, acked: 51, findings: [] });
});

test("a small file that is damaged with its copy is named, with what to do", async () => {
  const { folder, segment } = await stopped(50);
  for (const name of ["stream.json", "stream.copy.json"]) await writeFile(join(segment, "..", name), "{ torn");
  await expect(run(folder)).rejects.toMatchObject({
    code: "damaged",
    message: expect.stringContaining("stream.json"),
    hint: expect.stringContaining("copy"),
  });
});
