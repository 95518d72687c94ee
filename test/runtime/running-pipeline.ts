import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FirehoseClient } from "@aws-sdk/client-firehose";
import { KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { pino } from "pino";
import { onTestFinished } from "vitest";
import type { AuditReport } from "../../src/api/control/contract.js";
import type { PipelineInstance } from "../../src/api/control/instance.js";
import { type ConfigFlags, readConfig } from "../../src/runtime/config.js";
import { startPipeline } from "../../src/runtime/index.js";

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "penstock-runtime-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A definition's file: the text, with everything of "penstock" imported. */
export async function writeDefinition(folder: string, text: string): Promise<void> {
  await writeFile(
    join(folder, "penstock.ts"),
    `import { bigint, boolean, csv, date, day, decimal, directPut, integer, json, pipeline, smallint, stream, superType, table, timestamptz, varchar } from "penstock";\n${text}\n`,
  );
}

export interface RunningPipeline {
  readonly instance: PipelineInstance;
  readonly folder: string;
  readonly kinesis: KinesisClient;
  readonly firehose: FirehoseClient;
  /** Puts each text or object as a record of its own; answers the sequence numbers. */
  put(stream: string, records: readonly (string | Uint8Array | object)[]): Promise<readonly string[]>;
  /** The rows, with big integers as numbers. */
  rows(sql: string): Promise<unknown[][]>;
  close(): Promise<void>;
}

/** The whole pipeline in this process, on free ports, with its data in `<folder>/.penstock`. */
export async function run(folder: string, flags: ConfigFlags = {}): Promise<RunningPipeline> {
  const config = readConfig(
    { awsPort: "0", consolePort: "0", sqlPort: "0", warehouseMemoryMib: "128", conversionMemoryMib: "128", ...flags },
    { environment: {}, workingDirectory: folder, terminal: false },
  );
  const pipeline = await startPipeline(config, { log: pino({ level: process.env.PENSTOCK_TEST_LOG ?? "silent" }) });
  let open = true;
  const [credential] = config.credentials;
  const client = {
    endpoint: pipeline.instance.status().addresses.aws.replace("0.0.0.0", "127.0.0.1"),
    region: "us-east-1",
    credentials: { accessKeyId: credential?.name ?? "anyone", secretAccessKey: credential?.secret ?? "anything" },
  };
  const kinesis = new KinesisClient(client);
  const firehose = new FirehoseClient(client);
  const close = async () => {
    if (!open) return;
    open = false;
    kinesis.destroy();
    firehose.destroy();
    await pipeline.close();
  };
  onTestFinished(close);
  return {
    instance: pipeline.instance,
    folder,
    kinesis,
    firehose,
    put: async (stream, records) => {
      const answer = await kinesis.send(
        new PutRecordsCommand({
          StreamName: stream,
          Records: records.map((record, index) => ({ Data: bytesOf(record), PartitionKey: `key ${index}` })),
        }),
      );
      if (answer.FailedRecordCount !== 0) throw new Error(JSON.stringify(answer.Records));
      return (answer.Records ?? []).map((record) => record.SequenceNumber!);
    },
    rows: async (sql) => {
      const { rows } = await pipeline.instance.query({ sql }, new AbortController().signal);
      return rows.map((row) => row.map((value) => (typeof value === "bigint" ? Number(value) : value)));
    },
    close,
  };
}

export function bytesOf(record: string | Uint8Array | object): Uint8Array {
  if (record instanceof Uint8Array) return record;
  return Buffer.from(typeof record === "string" ? record : JSON.stringify(record));
}

/** What a test compares of an audit: each table's counts, without its shards. */
export function countsOf(report: AuditReport, table: string) {
  const found = report.tables.find(({ name }) => name === table);
  if (found === undefined) throw new Error(`The audit has no table ${table}.`);
  const { shards: _, name: __, ...counts } = found;
  return counts;
}

const NONE = {
  acked: 0,
  delivered: 0,
  deadLettered: 0,
  filtered: 0,
  deduped: 0,
  loaded: 0,
  pending: 0,
  lost: 0,
  duplicated: 0,
  deletedByUser: 0,
};

/** The counts that are not 0. */
export function counts(some: Partial<typeof NONE>): typeof NONE {
  return { ...NONE, ...some };
}
