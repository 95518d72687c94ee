/**
 * The commands with `--aws`, by the unmodified SDK against Penstock's own doors: Kinesis, S3 and the Data API are the embedded ones; CloudFormation, which
 * has none, is a few lines that answer for one stack. SQS and CloudWatch are tried in the emulator (deploy/test/emulator.test.ts).
 */
import { mkdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { awsListener } from "../../src/api/aws/aws-listener.js";
import { kinesisService } from "../../src/api/kinesis/service.js";
import { eventOf } from "../../src/cli/aws/replay.js";
import { systemClock } from "../../src/core/clock.js";
import { draftOf, PIPELINE } from "../../src/definition/brand.js";
import type { PipelineModel } from "../../src/definition/model.js";
import { integer, json, pipeline, stream, table, varchar } from "../../src/index.js";
import { newObjectOf } from "../../src/lambda/load-batch.js";
import { rowJson } from "../../src/lambda/row-json.js";
import { rowsOf, writeObject } from "../loader/fixtures.js";
import { attributes, openStore } from "../stream/fixtures.js";
import { redshiftWarehouse } from "../warehouse/redshift-under-test.js";
import { awsEnvironment, buried, cloudFormation, deployed } from "./deployed-stack.js";
import { stage } from "./stage.js";

const trades = table("trades", {
  from: stream("ticks"),
  format: json(),
  columns: { symbol: varchar(12), size: integer() },
});
const model = draftOf<PipelineModel>(pipeline("desk", { tables: [trades] }), PIPELINE)!;

awsEnvironment();

describe("penstock with --aws", () => {
  it("query runs a statement by the Data API and prints its rows", async () => {
    const { aws } = await deployed(model);
    const { code, stdout } = await aws("query", "select 1 as one, 'two' as two", "--csv");
    expect({ code, stdout }).toEqual({ code: 0, stdout: "one,two\r\n1,two\r\n" });
    const failed = await aws("query", "select * from nowhere");
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/error: .*nowhere.* does not exist/);
  });

  it("put sends a file's records to the deployed stream, by the table's name too", async () => {
    const here = await stage();
    await mkdir(join(here.directory, "journal"), { recursive: true });
    const store = await openStore({ directory: join(here.directory, "journal") });
    await store.create({ name: "ticks", kind: "kinesis", shards: 1, attributes });
    const common = {
      store,
      clock: systemClock,
      accountId: "000000000000",
      region: "us-east-1",
      throughputLimits: false,
    };
    const kinesis = kinesisService(common);
    const listener = await awsListener({
      services: [kinesis],
      clock: systemClock,
      host: "127.0.0.1",
      port: 0,
      credentials: [],
    });
    onTestFinished(async () => {
      await listener.close(0);
      kinesis.close();
      await store.close();
    });
    process.env.AWS_ENDPOINT_URL_CLOUDFORMATION = await cloudFormation(model);
    process.env.AWS_ENDPOINT_URL_KINESIS = listener.url;
    const lines = Array.from({ length: 1200 }, (_, size) => JSON.stringify({ symbol: "SPY", size })).join("\n");
    const { code, stdout } = await here.run(
      ["put", "trades", "-", "--aws", "--stack", "penstock-desk", "--format", "ndjson", "--json"],
      { stdin: lines },
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ stream: "ticks", read: 1200, acked: 1200, rejectedCount: 0 });
    let records = 0;
    for (const shard of store.find("ticks")!.shards) {
      for await (const block of shard.blocks(1, shard.lastSequence)) records += [...block.records()].length;
    }
    expect(records).toBe(1200);
    const unknown = await here.run(["put", "nothing", "-", "--aws", "--stack", "penstock-desk"], { stdin: lines });
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain('neither a stream nor a table "nothing"');
  });

  it("errors lists the lake's dead letters by reason and shows one with its bytes", async () => {
    const { aws, door } = await deployed(model);
    const letter = (sequence: number, code: string) =>
      JSON.stringify({
        arrivalTimestamp: 1_763_800_000_000 + sequence,
        errorCode: "DataFormatConversion.ParseError",
        errorMessage: `size is "many"`,
        rawData: Buffer.from(`{"size":"many","n":${sequence}}`).toString("base64"),
        sequenceNumber: String(sequence),
        stream: "ticks",
        shardId: "shardId-000000000000",
        rowIndex: 0,
        code,
        column: "size",
        table: "trades",
      });
    const folder = model.tables[0]!.deliver.errorPrefix.split("!{")[0]!;
    await door.lake.put(`${folder}a.json`, Buffer.from(`${letter(1, "wrong-type")}\n${letter(2, "wrong-type")}\n`));
    // Firehose's own failure: no code, no table.
    const failed = {
      errorCode: "Lambda.InvocationFailed",
      errorMessage: "3 tries",
      rawData: "e30=",
      arrivalTimestamp: 5,
    };
    await door.lake.put(`${folder}b.json`, Buffer.from(JSON.stringify(failed)));

    const { stdout } = await aws("errors", "list", "--json");
    const page = JSON.parse(stdout);
    expect(page.groups).toEqual([
      { table: "trades", code: "wrong-type", column: "size", count: 2 },
      { table: "trades", code: "Lambda.InvocationFailed", column: null, count: 1 },
    ]);
    expect(page.letters[0]).toMatchObject({ id: `${folder}a.json#2`, sequenceNumber: "2" });
    const shown = await aws("errors", "show", `${folder}a.json#2`, "--raw");
    expect(shown.stdout).toBe('{"size":"many","n":2}');
    const absent = await aws("errors", "show", `${folder}a.json#9`);
    expect(absent).toMatchObject({ code: 1, stderr: expect.stringContaining("no line 9") });
    const ids: string[] = [];
    for (let after: string | undefined; ; ) {
      const more = after === undefined ? [] : ["--after", after];
      const { letters, next } = JSON.parse((await aws("errors", "list", "--limit", "2", "--json", ...more)).stdout);
      ids.push(...letters.map(({ id }: { id: string }) => id));
      if (next === undefined) break;
      after = next;
    }
    expect(ids).toEqual([`${folder}a.json#2`, `${folder}a.json#1`, `${folder}b.json#1`]);
    const lost = await aws("errors", "list", "--after", "nothing");
    expect(lost).toMatchObject({ code: 1, stderr: expect.stringContaining('no dead letter "nothing"') });
    const chosen = await aws("errors", "list", "--code", "wrong-type", "--limit", "1");
    expect(chosen.stdout).toContain("wrong-type");
    expect(chosen.stdout).not.toContain("Lambda.InvocationFailed");
  });

  it("errors redrive loads a mended letter once, under its own identity, and list, show and the table agree", async () => {
    const { aws, door, directory } = await deployed(model);
    const warehouse = await buried(door, model.tables[0]!);
    const listed = JSON.parse((await aws("errors", "list", "--json")).stdout);
    const mended = listed.letters.find((one: { code: string }) => one.code === "type-mismatch").id as string;
    const again = await aws("errors", "redrive", "--all", "--json");
    expect(again.code).toBe(1);
    expect(JSON.parse(again.stdout)).toMatchObject({ chosen: 2, loaded: 0, failed: [{}, {}] });

    const file = join(directory, "record");
    await writeFile(file, '{"symbol":"SPY","size":7}');
    const dry = await aws("errors", "redrive", mended, "--with", file, "--dry-run", "--json");
    expect(JSON.parse(dry.stdout)).toMatchObject({ dryRun: true, loaded: 1, preview: [{ rows: [["SPY", "7"]] }] });
    const rows = async () => (await warehouse.query("select symbol, size, _sequence_number from trades")).rows;
    expect(await rows()).toEqual([]);

    const done = await aws("errors", "redrive", mended, "--with", file, "--json");
    expect({ code: done.code, stderr: done.stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(done.stdout)).toMatchObject({ chosen: 1, loaded: 1, failed: [], alreadyRedriven: 0 });
    const twice = await aws("errors", "redrive", mended, "--with", file, "--json");
    // The lake has the row, for a warehouse that is filled anew.
    const replay = JSON.parse((await aws("replay", "trades", "--dry-run", "--json")).stdout);
    expect(replay).toMatchObject({ objects: 1, dryRun: true });
    expect(JSON.parse(twice.stdout)).toMatchObject({ chosen: 0, loaded: 0, alreadyRedriven: 1 });
    expect(await rows()).toEqual([["SPY", 7, `4966${"0".repeat(52)}`]]);
    const left = JSON.parse((await aws("errors", "list", "--json")).stdout);
    expect(left.groups).toMatchObject([{ code: "invalid-json", count: 1 }]);
    expect(JSON.parse((await aws("errors", "show", mended, "--json")).stdout)).toMatchObject({ redriven: true });
    const audit = await aws("audit", "--json");
    expect(JSON.parse(audit.stdout)).toMatchObject({
      missing: 0,
      duplicated: 0,
      tables: [{ name: "trades", rowsLoaded: 0, deadLetters: 1, redriven: 1, rowsRedriven: 1, lettersMissing: 0 }],
    });
    // By class, by table: what is left fails again.
    const rest = await aws("errors", "redrive", "--table", "trades", "--code", "invalid-json");
    expect(rest).toMatchObject({ code: 1, stdout: expect.stringContaining("1 dead letter chosen: 0 loaded") });
  });

  it("audit holds the lake's objects against the ledger: loaded, on their way, missing; and finds rows that are there twice", async () => {
    const { aws, door } = await deployed(model);
    const table = model.tables[0]!;
    const folder = table.deliver.prefix.split("!{")[0]!;
    const rows = rowsOf(1, 3, (size) => ({ symbol: "SPY", size }));
    const object = await writeObject(door.lake, { table, rows, key: `${folder}one.parquet` });
    const warehouse = redshiftWarehouse(door);
    await warehouse.applyTable(table);
    await warehouse.load({ table, target: table.name, objects: [object], deadlineMs: 30_000 });
    await door.lake.put(`${folder}two.parquet`, Buffer.from("rows"));

    const well = await aws("audit", "--json");
    expect(well.code).toBe(0);
    expect(JSON.parse(well.stdout)).toMatchObject({
      missing: 0,
      duplicated: 0,
      tables: [{ name: "trades", load: "copy", objects: 2, loaded: 1, pending: 1, rowsLoaded: 3, redriven: 0 }],
    });

    const anHourAgo = new Date(Date.now() - 3_600_000);
    await utimes(door.lake.localPath(`${folder}two.parquet`)!, anHourAgo, anHourAgo);
    const again = await aws("query", "insert into public.trades select * from public.trades where size = 2");
    expect(again.code).toBe(0);
    const ill = await aws("audit");
    expect(ill.code).toBe(1);
    expect(ill.stdout).toContain(`trades lacks ${folder}two.parquet`);
    expect(ill.stdout).toContain("NOT as it should be: 1 missing, 1 rows there more than once.");
  });

  it("replay says what it would hand to the loader, and takes no sequence numbers", async () => {
    const { aws, door } = await deployed(model);
    const folder = model.tables[0]!.deliver.prefix.split("!{")[0]!;
    await door.lake.put(`${folder}one.parquet`, Buffer.from("rows"));
    const { code, stdout } = await aws("replay", "trades", "--dry-run", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ table: "trades", objects: 1, bytes: 4, dryRun: true, state: "done" });
    // What it would send is what the loader reads.
    expect(newObjectOf(eventOf("lake", { key: "tables/a.parquet", sizeBytes: 4 }))).toEqual({
      bucket: "lake",
      key: "tables/a.parquet",
      sizeBytes: 4,
    });
    const refused = await aws("replay", "trades", "--shard", "shardId-000000000000");
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("--since and --until") });
    const stream = await aws("replay", "trades", "--from", "stream");
    expect(stream).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--from stream is for a running instance"),
    });
  });

  it("replay --into fills a shadow from the lake, each object once; a trace follows a record there and to its letter", async () => {
    const { aws, door } = await deployed(model);
    const table = model.tables[0]!;
    const warehouse = await buried(door, model.tables[0]!);
    const number = (count: number) => `4967${String(count).padStart(52, "0")}`;
    const lines = [1, 2, 3].map((size) =>
      rowJson(
        table,
        {
          shardId: "shardId-000000000000",
          sequenceNumber: number(size),
          rowIndex: 0,
          arrivedAtMs: 1_763_800_000_000 + size,
        },
        ["SPY", String(size)],
      ),
    );
    const folder = table.deliver.prefix.split("!{")[0]!;
    await door.lake.put(`${folder}one.json`, Buffer.from(`${lines.slice(0, 2).join("\n")}\n`));
    // Delivered again, by another object: the row is there once.
    await door.lake.put(`${folder}two.json`, Buffer.from(`${lines.slice(1).join("\n")}\n`));
    const look = await aws("replay", "trades", "--into", "trades_next", "--dry-run", "--json");
    expect(JSON.parse(look.stdout)).toMatchObject({ objects: 2, rowsLoaded: 0, dryRun: true });
    const done = await aws("replay", "trades", "--into", "trades_next", "--json");
    expect({ code: done.code, stderr: done.stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(done.stdout)).toMatchObject({
      into: "trades_next",
      objects: 2,
      rowsLoaded: 3,
      rowsSkipped: 1,
      state: "done",
    });
    const again = await aws("replay", "trades", "--into", "trades_next", "--json");
    expect(JSON.parse(again.stdout)).toMatchObject({ rowsLoaded: 0, objectsAlready: 2 });
    expect((await warehouse.query("select symbol, size from trades_next order by size")).rows).toEqual([
      ["SPY", 1],
      ["SPY", 2],
      ["SPY", 3],
    ]);
    expect((await warehouse.query("select count(*) from trades")).rows.map(([n]) => Number(n))).toEqual([0]);
    expect(await aws("replay", "trades", "--into", "trades")).toMatchObject({ code: 2 });

    const letter = await aws("audit", "--trace", `4966${"0".repeat(52)}`, "--json");
    expect(letter.code).toBe(0);
    expect(JSON.parse(letter.stdout).tables).toMatchObject([
      { table: "trades", rows: [{ outcome: "dead", rowIndex: 0, reason: expect.stringContaining("type-mismatch") }] },
    ]);
    await warehouse.query(`insert into trades select * from trades_next where size = 3`);
    const loaded = await aws("audit", "--trace", number(3));
    expect(loaded).toMatchObject({ code: 0, stdout: expect.stringContaining("shardId-000000000000, row 0 loaded") });
    const nowhere = await aws("audit", "--trace", number(99));
    expect(nowhere).toMatchObject({ code: 1, stdout: expect.stringContaining("nothing of the record") });
    expect(await aws("audit", "--trace", "x';--")).toMatchObject({ code: 2 });
  });

  it("a stack that is not there, and a folder without a definition, are said as such", async () => {
    const { run } = await deployed(model);
    const absent = await run(["status", "--aws", "--stack", "penstock-other"]);
    expect(absent.code).toBe(1);
    expect(absent.stderr).toContain("error: There is no stack penstock-other in us-east-1.");
    expect(absent.stderr).toContain("penstock apply");
    const nothing = await run(["status", "--aws"]);
    expect(nothing.code).toBe(2);
    expect(nothing.stderr).toContain("Nothing says which deployment is meant.");
  });
});
