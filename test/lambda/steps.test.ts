/** What the state machines' Lambdas decide, without a warehouse; deploy/test/loader.test.ts executes all of it. */
import { describe, expect, it } from "vitest";
import type { PipelineModel } from "../../src/definition/model.js";
import { loadStep } from "../../src/lambda/load-step.js";
import { type CloudFormationRequest, migrateStep } from "../../src/lambda/migrate-step.js";
import type { Field } from "../../src/lambda/supervised.js";
import { type SweepState, sweepStep } from "../../src/lambda/sweep-step.js";
import { turns } from "../../src/lambda/turns.js";
import { AWS_PLACE } from "../../src/warehouse/redshift/statements.js";
import { column, tableModel, temporaryFolder } from "../loader/fixtures.js";
import { LAKE_BUCKET, openRedshiftDoor } from "../warehouse/redshift-under-test.js";

const table = tableModel();
const model = (columns = table.columns): PipelineModel => ({
  name: "market",
  streams: [{ name: "quotes", kind: "kinesis", shards: 1, retentionHours: 24 }],
  tables: [{ ...table, columns }],
});

describe("a table's turn", () => {
  it("is one execution's until it lets go, or has not been heard of for its lease; and a load waits for it", async () => {
    const folder = await temporaryFolder();
    const door = await openRedshiftDoor(folder.path);
    let nowMs = 1_000;
    const turn = turns({
      client: door.s3,
      bucket: LAKE_BUCKET,
      prefix: "_penstock/turns/",
      now: () => nowMs,
      leaseMs: 100,
    });
    expect(await turn.take("quotes", "one")).toBe(true);
    expect(await turn.take("quotes", "two")).toBe(false);
    const step = loadStep({
      tables: [table],
      lake: door.lake,
      bucket: LAKE_BUCKET,
      roleArn: "arn",
      place: AWS_PLACE,
      manifestPrefix: "loads/",
      turns: turn,
      newId: () => "id",
      random: () => 0.5,
    });
    const work = { table: "quotes", objects: [] };
    expect(await step({ work, answer: { kind: "begin" }, execution: "two" })).toMatchObject({ do: "wait" });
    await turn.release("quotes", "two");
    expect(await turn.take("quotes", "two")).toBe(false);
    nowMs += 101;
    expect(await turn.take("quotes", "two")).toBe(true);
    await turn.release("quotes", "two");
    expect(await turn.take("quotes", "one")).toBe(true);
    await door.close();
    await folder.remove();
  });
});

describe("the sweep's step", () => {
  it("goes round the keys in bounded parts, and asks only of what a round has not settled", async () => {
    const objects = Array.from({ length: 7 }, (_, at) => ({
      key: `quotes/${at}.parquet`,
      sizeBytes: 1,
      modifiedMs: 1_000,
    }));
    const states = new Map<string, SweepState>();
    const started: string[] = [];
    const step = sweepStep({
      tables: [table],
      place: AWS_PLACE,
      now: () => 10_000,
      newId: () => "id",
      list: async (prefix, { after = "", limit }) =>
        objects.filter(({ key }) => key.startsWith(prefix) && key > after).slice(0, limit),
      read: async (name) => states.get(name),
      write: async (name, next) => void states.set(name, next),
      start: async ({ input }) => void started.push(...input.objects.map(({ key }) => key)),
      listedMax: 3,
      questionsMax: 1,
      graceMs: 0,
    });
    /** Everything is in the ledger but the objects named. */
    const sweep = async (missing: readonly string[] = []) => {
      let told = await step({ work: {}, answer: { kind: "begin" }, execution: "e" });
      let questions = 0;
      while (told.do === "ask") {
        questions++;
        const known = (told.work.asked ?? []).filter(({ key }) => !missing.includes(key));
        const records = known.map(({ key }) => [{ StringValue: key }]);
        const answer = { kind: "ended" as const, described: { Status: "FINISHED" }, records };
        told = await step({ work: told.work, answer, execution: "e" });
      }
      expect(told.do).toBe("done");
      return questions;
    };
    expect([await sweep(), await sweep(["quotes/4.parquet"]), await sweep()]).toEqual([1, 1, 1]);
    expect(started).toEqual(["quotes/4.parquet"]);
    // A round has found one missing: what is as young is asked about again, until a round finds nothing.
    expect([await sweep(), await sweep(), await sweep()]).toEqual([1, 1, 1]);
    expect([await sweep(), await sweep(), await sweep()]).toEqual([0, 0, 0]);
  });
});

describe("the migration's step", () => {
  const request = { RequestType: "Update", ResponseURL: "u", StackId: "s", RequestId: "r", LogicalResourceId: "l" };
  const asked = { request: request as CloudFormationRequest };
  const venue = column("venue", { kind: "varchar", length: 4 });

  function stepOf(applied: PipelineModel, next: PipelineModel) {
    const answers: (string | undefined)[] = [];
    const step = migrateStep({
      model: next,
      place: AWS_PLACE,
      modes: [],
      newId: () => "id",
      read: async () => applied,
      write: async () => undefined,
      respond: async (_, reason) => void answers.push(reason),
    });
    const ended = { kind: "ended", described: { Status: "FINISHED" } } as const;
    return {
      answers,
      begin: () => step({ work: asked, answer: { kind: "begin" }, execution: "e" }),
      goOn: ({ work }: Awaited<ReturnType<typeof step>>, records: readonly (readonly Field[])[] = []) =>
        step({ work, answer: { ...ended, records }, execution: "e" }),
    };
  }

  /** The fixture's table as the warehouse describes it. */
  const described = (
    [
      ["_shard_id", "character varying(256)", true],
      ["_sequence_number", "character varying(128)", true],
      ["_row_index", "bigint", true],
      ["_arrived_at", "timestamp with time zone", true],
      ["symbol", "character varying(12)", true],
      ["bid", "numeric(12,4)", false],
      ["size", "integer", false],
    ] as const
  ).map(([column, type, notNull]) => [{ StringValue: column }, { StringValue: type }, { BooleanValue: notNull }]);

  it("refuses what `up` refuses, before it asks the warehouse anything", async () => {
    const changed = [...table.columns.slice(0, 2), column("size", { kind: "date" })];
    const { answers, begin } = stepOf(model(), model(changed));
    expect(await begin()).toMatchObject({ do: "failed" });
    expect(answers[0]).toContain("tables.quotes.columns.size.type: integer -> date");
  });

  it("goes back with CloudFormation to an earlier definition, and on to a later one", async () => {
    const back = stepOf(model([...table.columns, venue]), model());
    expect(await back.begin()).toMatchObject({ do: "done" });
    expect(back.answers).toEqual([undefined]);
    const on = stepOf(model(), model([...table.columns, venue]));
    expect(await on.begin()).toMatchObject({ do: "ask" });
  });

  it("makes what dead letters need of a table that the loader does not load, and no table", async () => {
    const jobbed: PipelineModel = { ...model(), tables: [{ ...table, load: "auto-copy" }] };
    const { answers, begin, goOn } = stepOf(jobbed, jobbed);
    const made: string[] = [];
    let told = await begin();
    while (told.do === "transaction") {
      made.push(...told.sqls);
      told = await goOn(told);
    }
    expect([told.do, answers]).toEqual(["done", [undefined]]);
    const tables = made.flatMap((sql) => /^CREATE TABLE IF NOT EXISTS (\S+)/.exec(sql)?.[1] ?? []);
    const own = ["locks", "loads", "deduped"].flatMap((kind) => [`${kind}_quotes`, `${kind}_quotes_landing`]);
    expect(tables.filter((one) => !one.endsWith('"locks"') && !one.endsWith('"letters"')).sort()).toEqual(
      own.map((one) => `"penstock"."${one}"`).sort(),
    );
  });

  it("alters keys and encodings that the later definition says differently, and asks before each whether it is done", async () => {
    const was = model();
    const encoded = table.columns.map((one) => (one.name === "symbol" ? { ...one, encode: "zstd" } : one));
    const is: PipelineModel = {
      ...was,
      tables: [{ ...table, columns: encoded, sortKey: { style: "compound", columns: ["symbol"] } }],
    };
    const { answers, begin, goOn } = stepOf(was, is);
    const done: string[] = [];
    let told = await begin();
    while (told.do !== "done") {
      if (told.do === "statement") done.push(told.sql);
      // The table is as the definition was; what is asked about keys is answered with 0.
      const isDescribed = told.do === "ask" && told.sql.includes("format_type");
      const records = isDescribed ? described : [[{ LongValue: 0 }]];
      told = await goOn(told, records);
    }
    expect(done).toEqual([
      'ALTER TABLE "public"."quotes" ALTER COLUMN "symbol" ENCODE ZSTD',
      'ALTER TABLE "public"."quotes" ALTER COMPOUND SORTKEY ("symbol")',
    ]);
    expect(answers).toEqual([undefined]);
  });
});
