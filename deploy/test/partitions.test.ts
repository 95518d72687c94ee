/** What tells Glue of partitions, executed: by keys as the transform makes them, until SQL in a running pipeline reads the folders it was told of. */
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { day, hour, integer, pipeline, stream, table, timestamptz } from "penstock";
import { expect, it, onTestFinished } from "vitest";
import { draftOf, PIPELINE } from "../../src/definition/brand.js";
import type { PipelineModel } from "../../src/definition/model.js";
import { partitionValues } from "../../src/lambda/partition-values.js";
import { run, temporaryFolder, writeDefinition } from "../../test/runtime/running-pipeline.js";
import { partitionFolders } from "../src/partition-folders.js";
import { partitionStates } from "../src/stages/partitions.js";
import { AslError, runAsl } from "./support/asl.js";

const model = draftOf<PipelineModel>(
  pipeline("clicks", {
    tables: [
      table("visits", {
        from: stream("s"),
        columns: { id: integer().notNull(), at: timestamptz() },
        deliver: {
          format: "json",
          compression: "none",
          partitionBy: [day("at"), hour("at")],
          prefix: "tables/visits/day=!{partitionKeyFromQuery:day}/!{partitionKeyFromQuery:hour}/",
        },
      }),
    ],
  }),
  PIPELINE,
) as PipelineModel;

const visits = model.tables[0]!;

interface CreatePartition {
  readonly DatabaseName: string;
  readonly TableName: string;
  readonly PartitionInput: {
    readonly Values: readonly string[];
    readonly StorageDescriptor: { readonly Location: string; readonly Columns: readonly object[] };
  };
}

/** As Firehose makes an object's key: the prefix, with what the transform says in its expressions. */
function keyOf(cells: readonly (string | null)[], name: string): string {
  const values = partitionValues(visits, cells);
  return `${visits.deliver.prefix.replaceAll(/!\{partitionKeyFromQuery:(\w+)\}/g, (_, key: string) => values[key] ?? "")}${name}`;
}

/** Glue as far as it goes here: it refuses what is there, and otherwise does as `make` does. */
function telling(make: (asked: CreatePartition) => Promise<unknown> = async () => undefined) {
  const known = new Set<string>();
  const failures: string[] = [];
  const definition = partitionStates({
    table: visits,
    folders: partitionFolders(visits)!,
    database: "clicks",
    bucket: "the-lake",
  });
  const tell = (key: string) =>
    runAsl({
      definition,
      input: { key, size: 1, etag: "e", sequencer: "s" },
      executionId: "arn:tell",
      wait: async () => undefined,
      task: async (resource, parameters) => {
        expect(resource).toBe("arn:aws:states:::aws-sdk:glue:createPartition");
        const failure = failures.shift();
        if (failure !== undefined) throw new AslError(failure, "as the test has it");
        const asked = parameters as unknown as CreatePartition;
        const values = JSON.stringify(asked.PartitionInput.Values);
        if (known.has(values)) throw new AslError("Glue.AlreadyExistsException", "Partition already exists.");
        known.add(values);
        await make(asked);
        return {};
      },
    });
  return { tell, known, failures };
}

it("SQL reads a folder from the first object's event on, and a second event, or a lost one, changes nothing", async () => {
  const folder = await temporaryFolder();
  await writeDefinition(
    folder,
    `export default pipeline("clicks", { tables: [table("t", { from: stream("s"), columns: { id: integer() } })] });`,
  );
  const here = await run(folder);
  const s3 = new S3Client({
    endpoint: here.instance.status().addresses.aws,
    region: "us-east-1",
    credentials: { accessKeyId: "anyone", secretAccessKey: "anything" },
    forcePathStyle: true,
  });
  onTestFinished(() => s3.destroy());
  await s3.send(new CreateBucketCommand({ Bucket: "the-lake" }));
  await here.rows(
    "CREATE EXTERNAL SCHEMA mine FROM DATA CATALOG DATABASE 'mine' IAM_ROLE default CREATE EXTERNAL DATABASE IF NOT EXISTS",
  );
  await here.rows(
    `CREATE EXTERNAL TABLE mine.visits (id int) PARTITIONED BY (day varchar(10), at varchar(30))
     ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' STORED AS TEXTFILE LOCATION 's3://the-lake/tables/visits/'`,
  );
  const { tell } = telling(({ TableName, PartitionInput }) => {
    const [on, at] = PartitionInput.Values;
    return here.rows(
      `ALTER TABLE mine.${TableName} ADD PARTITION (day='${on}', at='${at}') LOCATION '${PartitionInput.StorageDescriptor.Location}'`,
    );
  });
  const put = async (id: number, at: string | null) => {
    const key = keyOf([String(id), at], `${id}.json`);
    await s3.send(new PutObjectCommand({ Bucket: "the-lake", Key: key, Body: JSON.stringify({ id }) }));
    return key;
  };
  const read = async () => (await here.rows("SELECT id FROM mine.visits ORDER BY id")).flat();

  const first = await put(1, "2026-11-22 09:00:00");
  expect(await read()).toEqual([]);
  expect((await tell(first)).visited).toEqual(["Cut", "Create"]);
  expect((await tell(first)).visited).toEqual(["Cut", "Create", "Known"]);
  // This one's event is lost: its folder is known already.
  await put(2, "2026-11-22 09:30:00");
  expect(await read()).toEqual([1, 2]);
  // This one's is lost as well, and nobody knows its folder until the next object comes.
  await put(3, "2026-11-23 10:00:00");
  expect(await read()).toEqual([1, 2]);
  expect(await tell(await put(4, "2026-11-23 10:30:00"))).toMatchObject({ status: "SUCCEEDED" });
  expect(await tell(await put(5, null))).toMatchObject({ status: "SUCCEEDED" });
  expect(await here.rows("SELECT id, day FROM mine.visits WHERE day = '2026-11-23' ORDER BY id")).toEqual([
    [3, "2026-11-23"],
    [4, "2026-11-23"],
  ]);
  expect(await here.rows("SELECT id, day, at FROM mine.visits WHERE id = 5")).toEqual([[5, null, null]]);
});

it("tries again what Glue is too busy for, and fails, for the alarm, at what it refuses", async () => {
  const { tell, known, failures } = telling();
  const key = keyOf(["1", "2026-11-22 09:00:00"], "1.json");
  failures.push("Glue.ThrottlingException", "Glue.ConcurrentModificationException", "Glue.InternalServiceException");
  expect(await tell(key)).toMatchObject({ status: "SUCCEEDED" });
  expect([...known]).toEqual(['["2026-11-22","2026-11-22-09"]']);
  failures.push("Glue.EntityNotFoundException");
  expect(await tell(key)).toMatchObject({ status: "FAILED", error: "Glue.EntityNotFoundException" });
});
