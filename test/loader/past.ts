import { join } from "node:path";
import { systemClock } from "../../src/core/clock.js";
import { openGate } from "../../src/core/gate.js";
import type { TableModel } from "../../src/definition/model.js";
import { convertRecords } from "../../src/delivery/conversion.js";
import { openConversionEngine } from "../../src/delivery/engine.js";
import type { FlushResult, LakeObject } from "../../src/delivery/flush.js";
import { nodeDisk } from "../../src/disk/node-disk.js";
import { openReconvert } from "../../src/loader/reconvert.js";
import { openStreamStore } from "../../src/stream/embedded/store.js";
import { openUnderTest } from "../warehouse/duckdb-under-test.js";
import { LEDGER_SCHEMA, openRedshiftUnderTest } from "../warehouse/redshift-under-test.js";
import { writeDeadLetters } from "./fixtures.js";

/** One logic, two warehouses; and the words in which each tells the same. */
export const WAREHOUSES = [
  {
    name: "DuckDB",
    open: openUnderTest,
    arrivedMs: "epoch_ms(_arrived_at)",
    letters: "SELECT decode(raw), decode(redriven_raw) FROM penstock.dead_letters ORDER BY sequence",
    loads: "penstock.loads",
  },
  {
    name: "Redshift",
    open: openRedshiftUnderTest,
    arrivedMs: "DATEDIFF(ms, '1970-01-01 00:00:00'::TIMESTAMPTZ, _arrived_at)",
    letters: `SELECT FROM_VARBYTE("raw", 'utf8'), FROM_VARBYTE(redriven_raw, 'utf8')
      FROM ${LEDGER_SCHEMA}.dead_letters ORDER BY sequence`,
    loads: `${LEDGER_SCHEMA}.loads_quotes WHERE whole`,
  },
] as const;

/** All that a redrive or a replay works with, each part the real one: journal, conversion, lake, warehouse. */
export async function openPast(
  table: TableModel,
  { open }: Pick<(typeof WAREHOUSES)[number], "open"> = WAREHOUSES[0],
  shards = 1,
) {
  const under = await open();
  const disk = nodeDisk();
  const streams = await openStreamStore({ disk, clock: systemClock, directory: join(under.folder, "streams") });
  for (const source of table.sources) {
    await streams.create({
      name: source,
      kind: "kinesis",
      shards,
      attributes: {
        status: "ACTIVE",
        mode: "PROVISIONED",
        retentionHours: 24,
        maxRecordKiB: 1024,
        tags: {},
        encryption: { type: "NONE" },
        shardMetrics: [],
        consumers: [],
        defined: true,
      },
    });
  }
  const engine = await openConversionEngine({
    memoryBytesMax: 128 * 1024 * 1024,
    threads: 1,
    temporaryDirectory: join(under.folder, "conversion"),
    temporaryBytesMax: 1024 * 1024 * 1024,
    gate: openGate,
  });
  const reconvert = openReconvert({
    convertRecords,
    engine,
    disk,
    lake: under.lake,
    clock: systemClock,
    workDirectory: join(under.folder, "work"),
    schemaVersion: () => 1,
    shardCreatedAtMs: () => Date.parse("2026-01-01T00:00:00Z"),
  });
  await under.warehouse.applyTable(table);
  const flushes: FlushResult[] = [];
  return {
    ...under,
    streams,
    reconvert,
    flushes,
    delivered: () => flushes,
    /** Appends texts to a stream; the journal gives each its sequence. */
    put: async (stream: string, texts: readonly string[]) => {
      const into = streams.find(stream);
      if (into === undefined) throw new Error(`no stream ${stream}`);
      for (const [index, text] of texts.entries()) into.route(`key ${index}`).append(`key ${index}`, Buffer.from(text));
      await into.commit();
    },
    load: async (objects: readonly LakeObject[], model: TableModel = table) =>
      under.warehouse.load({ table: model, target: model.name, objects, deadlineMs: 30_000 }),
    bury: async (letters: Parameters<typeof writeDeadLetters>[1]["letters"], flush = 1) => {
      const object = await writeDeadLetters(under.lake, { table, flush, letters });
      await under.warehouse.load({ table, target: table.name, objects: [object], deadlineMs: 30_000 });
    },
    close: async () => {
      await engine.close();
      await streams.close();
      await under.close();
    },
  };
}

export type Past = Awaited<ReturnType<typeof openPast>>;
