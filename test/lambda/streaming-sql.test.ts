/** What `load: "streaming"` runs on Redshift, run here: every statement but the external schema, over a table that holds what a stream shows. */
import { GetRecordsCommand, GetShardIteratorCommand, ListShardsCommand } from "@aws-sdk/client-kinesis";
import {
  bigint,
  boolean,
  date,
  decimal,
  doublePrecision,
  integer,
  pipeline,
  smallint,
  stream,
  superType,
  table,
  timestamp,
  timestamptz,
  varchar,
} from "penstock";
import { expect, it } from "vitest";
import { draftOf, PIPELINE } from "../../src/definition/brand.js";
import type { PipelineModel } from "../../src/definition/model.js";
import { loadModeDdl, MODE_PLACE } from "../../src/lambda/load-mode-ddl.js";
import { parseStatements } from "../../src/redshift/syntax/parse.js";
import { type RunningPipeline, run, temporaryFolder, writeDefinition } from "../runtime/running-pipeline.js";

const columns = {
  id: integer().notNull(),
  small: smallint(),
  big: bigint(),
  price: decimal(12, 4),
  ratio: doublePrecision(),
  up: boolean(),
  kind: varchar(10).path("$.meta.kind"),
  held_on: date(),
  local: timestamp(),
  at: timestamptz(),
  rest: superType(),
};
const COLUMNS_TEXT = `id: integer().notNull(), small: smallint(), big: bigint(), price: decimal(12, 4), ratio: doublePrecision(), up: boolean(),
  kind: varchar(10).path("$.meta.kind"), held_on: date(), local: timestamp(), at: timestamptz(), rest: superType()`;
const modelOf = (more: object) =>
  draftOf<PipelineModel>(
    pipeline("clicks", { tables: [table("streamed", { from: stream("s"), load: "streaming", columns, ...more })] }),
    PIPELINE,
  ) as PipelineModel;
const resources = { glueDatabase: "clicks", lakeBucket: "lake", roleArn: "arn:aws:iam::123456789012:role/reads" };
const place = { ...MODE_PLACE, schema: "ps", tables: "shown", streams: "ks" };

/** As Redshift shows a stream, filled by the stream's own GetRecords. */
async function showStream(here: RunningPipeline): Promise<void> {
  await here.rows(
    "CREATE TABLE ks.s (approximate_arrival_timestamp TIMESTAMP, partition_key VARCHAR(256), shard_id VARCHAR(64), sequence_number VARCHAR(128), refresh_time TIMESTAMP, kinesis_data VARBYTE(1024000))",
  );
  const { Shards = [] } = await here.kinesis.send(new ListShardsCommand({ StreamName: "s" }));
  for (const { ShardId } of Shards) {
    const { ShardIterator } = await here.kinesis.send(
      new GetShardIteratorCommand({ StreamName: "s", ShardId, ShardIteratorType: "TRIM_HORIZON" }),
    );
    const { Records = [] } = await here.kinesis.send(new GetRecordsCommand({ ShardIterator }));
    for (const { Data, SequenceNumber, PartitionKey, ApproximateArrivalTimestamp } of Records) {
      const arrived = ApproximateArrivalTimestamp?.toISOString().replace("T", " ").replace("Z", "");
      const hex = Buffer.from(Data ?? []).toString("hex");
      await here.rows(
        `INSERT INTO ks.s VALUES ('${arrived}', '${PartitionKey}', '${ShardId}', '${SequenceNumber}', GETDATE(), TO_VARBYTE('${hex}', 'hex'))`,
      );
    }
  }
}

it("each statement is one that our parser knows", () => {
  for (const { sql, unless } of loadModeDdl(modelOf({ where: { type: ["a", "it's"] } }), resources)) {
    expect(parseStatements(sql)).toHaveLength(1);
    if (unless !== undefined) expect(parseStatements(unless)).toHaveLength(1);
  }
});

it("shows the rows that the embedded loader loads of the same records, and keeps the others in sight", async () => {
  const folder = await temporaryFolder();
  await writeDefinition(
    folder,
    `import { doublePrecision, timestamp } from "penstock";
     export default pipeline("clicks", { tables: [table("streamed", { from: stream("s"), load: "streaming", where: { type: ["a", "it's"] },
       deliver: { bufferSeconds: 0 }, columns: { ${COLUMNS_TEXT} } })] });`,
  );
  const here = await run(folder);
  const whole = {
    type: "a",
    id: 1,
    small: -3,
    big: 9_007_199_254_740_991,
    price: 600.0125,
    ratio: 0.1,
    up: true,
    meta: { kind: "é" },
    held_on: "2026-11-22",
    local: "2026-11-22 09:30:00.25",
    at: "2026-11-22T09:30:00.123456Z",
    rest: { x: [1, { y: null }], "": "s" },
  };
  await here.put("s", [
    whole,
    { type: "it's", id: 2 },
    { type: "a", id: 3, meta: null, rest: "text", price: "12.5", up: false, at: "2026-11-22T09:30:00+02:00" },
    { type: "b", id: 4 },
    { type: "a", small: 5 },
    "no json",
  ]);
  await here.instance.flush();
  for (const schema of ["shown", "ks"]) await here.rows(`CREATE SCHEMA ${schema}`);
  await showStream(here);
  const statements = loadModeDdl(modelOf({ where: { type: ["a", "it's"] } }), resources, place);
  for (const turn of [1, 2]) {
    for (const { sql, unless } of statements.filter(({ sql }) => !sql.startsWith("CREATE EXTERNAL"))) {
      if (unless !== undefined && (await here.rows(unless))[0]?.[0] !== 0) continue;
      expect([turn, await here.rows(sql)]).toEqual([turn, []]);
    }
  }
  const shown = `_shard_id, _sequence_number, _row_index, _arrived_at, ${Object.keys(columns)
    .map((name) => `"${name}"`)
    .join(", ")}`;
  const loaded = await here.rows(`SELECT ${shown} FROM public.streamed ORDER BY id`);
  expect(loaded.map((row) => row[4])).toEqual([1, 2, 3]);
  const streamed = await here.rows(`SELECT ${shown} FROM shown.streamed ORDER BY id`);
  expect(streamed.map((row) => row.slice(4))).toEqual(loaded.map((row) => row.slice(4)));
  expect(streamed.map((row) => [row[0], row[2]])).toEqual(loaded.map((row) => [row[0], row[2]]));
  // What has no word on whether it is one of these, and what has no id. The record of another type is nobody's.
  const unreadable = await here.rows("SELECT unparsed IS NULL, payload FROM ps.streamed_unreadable ORDER BY 1");
  expect(unreadable).toHaveLength(2);
});
