import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { systemClock } from "../../src/core/clock.js";
import { nodeDisk } from "../../src/disk/node-disk.js";
import { type EmbeddedStoreOptions, openStreamStore } from "../../src/stream/embedded/store.js";
import type { Shard, StreamAttributes, StreamRecord, StreamSpec } from "../../src/stream/stream.js";

export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "penstock-test-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

export const attributes: StreamAttributes = {
  status: "ACTIVE",
  mode: "PROVISIONED",
  retentionHours: 24,
  maxRecordKiB: 1024,
  tags: {},
  encryption: { type: "NONE" },
  shardMetrics: [],
  consumers: [],
  defined: false,
};

export function streamSpec(spec: Partial<StreamSpec> = {}): StreamSpec {
  return { name: "quotes", kind: "kinesis", shards: 2, attributes, ...spec };
}

export function openStore(options: Partial<EmbeddedStoreOptions> & { directory: string }) {
  return openStreamStore({ disk: nodeDisk(), clock: systemClock, ...options });
}

export async function readAll(shard: Shard): Promise<StreamRecord[]> {
  const records: StreamRecord[] = [];
  for await (const block of shard.blocks(1, Number.MAX_SAFE_INTEGER)) records.push(...block.records());
  return records;
}

export const textOf = (record: StreamRecord) => Buffer.from(record.data).toString("utf8");
