/**
 * How much a pipeline has to carry, as figures: what `monthlyCost()` and the forecast reckon with. It says nothing of where they come from: a running
 * instance, flags, or a guess.
 */
import { MIB } from "../core/limits.js";
import type { DeliverModel, PipelineModel } from "../definition/model.js";

export interface PipelineLoad {
  readonly streams: readonly StreamLoad[];
  /** One for each source of each table, as on AWS. */
  readonly deliveries: readonly DeliveryLoad[];
  readonly warehouse: WarehouseLoad;
  /** Of rows in the lake and in the warehouse. */
  readonly keptDays: number;
}

export interface StreamLoad {
  readonly name: string;
  readonly kind: "kinesis" | "direct-put";
  readonly mode: "provisioned" | "on-demand";
  readonly recordsPerSecond: number;
  readonly bytesPerRecord: number;
  /** What is paid for in provisioned mode; `shardsNeeded` where the definition has fewer. */
  readonly shards: number;
  readonly retentionHours: number;
}

export interface DeliveryLoad {
  readonly table: string;
  readonly source: string;
  /** All of the stream's: a table's `where` is asked behind Firehose's intake. */
  readonly recordsPerSecond: number;
  readonly bytesPerRecord: number;
  /** Bytes that a record takes in the lake and in the warehouse, compressed. */
  readonly storedBytesPerRecord: number;
  /** Share of the stream's records that become rows of the table. */
  readonly rowsPerRecord: number;
  readonly bufferBytes: number;
  readonly bufferSeconds: number;
  readonly parquet: boolean;
  /** Values of the partition keys at any one time; 0 where the table is not partitioned. */
  readonly activePartitions: number;
}

export type WarehouseLoad = {
  /** Hours a day in which somebody asks it something. */
  readonly queryHoursPerDay: number;
  /** How long one load keeps it busy. */
  readonly secondsPerLoad: number;
} & (
  | { readonly kind: "serverless"; readonly baseRpu: number }
  | {
      readonly kind: "provisioned";
      readonly nodeType: "ra3.large" | "ra3.xlplus" | "ra3.4xlarge";
      readonly nodes: number;
    }
);

export interface Rate {
  readonly recordsPerSecond: number;
  readonly bytesPerRecord: number;
}

export interface LoadAssumptions {
  readonly warehouse: WarehouseLoad;
  readonly streamMode: "provisioned" | "on-demand";
  readonly keptDays: number;
  /** Of the record's own bytes; used where `storedBytesPerRecord` does not know a table. */
  readonly storedShare: number;
}

export const DEFAULT_ASSUMPTIONS: LoadAssumptions = {
  warehouse: { kind: "serverless", baseRpu: 8, queryHoursPerDay: 2, secondsPerLoad: 10 },
  streamMode: "provisioned",
  keptDays: 30,
  storedShare: 0.25,
};

/** K: a shard takes 1 MB or 1,000 records a second. */
const SHARD_BYTES_PER_SECOND = MIB;
const SHARD_RECORDS_PER_SECOND = 1000;
/** F: with format conversion or partitions. */
const FIREHOSE_CONVERTING_BYTES_MIN = 64 * MIB;
const FIREHOSE_PARTITIONING_SECONDS_MIN = 60;

/** What a definition carries at given rates. A stream that `rates` does not know stands still. */
export function pipelineLoad(
  model: PipelineModel,
  rates: ReadonlyMap<string, Rate>,
  assumptions: LoadAssumptions = DEFAULT_ASSUMPTIONS,
  known: {
    readonly storedBytesPerRecord?: ReadonlyMap<string, number>;
    readonly rowsPerRecord?: ReadonlyMap<string, number>;
    readonly activePartitions?: ReadonlyMap<string, number>;
  } = {},
): PipelineLoad {
  const rateOf = (stream: string): Rate => rates.get(stream) ?? { recordsPerSecond: 0, bytesPerRecord: 0 };
  return {
    streams: model.streams.map(({ name, kind, shards, retentionHours }) => {
      const rate = rateOf(name);
      return {
        name,
        kind,
        mode: assumptions.streamMode,
        ...rate,
        shards: Math.max(shards, shardsNeeded(rate)),
        retentionHours,
      };
    }),
    deliveries: model.tables.flatMap((table) =>
      table.sources.map((source) => {
        const rate = rateOf(source);
        const partitioned = table.deliver.partitionBy.length > 0;
        return {
          table: table.name,
          source,
          ...rate,
          storedBytesPerRecord:
            known.storedBytesPerRecord?.get(table.name) ?? rate.bytesPerRecord * assumptions.storedShare,
          rowsPerRecord: known.rowsPerRecord?.get(table.name) ?? 1,
          ...firehoseBuffer(table.deliver),
          parquet: table.deliver.fileFormat === "parquet",
          activePartitions: partitioned ? (known.activePartitions?.get(table.name) ?? 1) : 0,
        };
      }),
    ),
    warehouse: assumptions.warehouse,
    keptDays: assumptions.keptDays,
  };
}

/** The same pipeline with `factor` times the records. */
export function scaledLoad(load: PipelineLoad, factor: number): PipelineLoad {
  return {
    ...load,
    streams: load.streams.map((stream) => {
      const recordsPerSecond = stream.recordsPerSecond * factor;
      const shards = Math.max(stream.shards, shardsNeeded({ ...stream, recordsPerSecond }));
      return { ...stream, recordsPerSecond, shards };
    }),
    deliveries: load.deliveries.map((delivery) => ({
      ...delivery,
      recordsPerSecond: delivery.recordsPerSecond * factor,
    })),
  };
}

export function shardsNeeded({ recordsPerSecond, bytesPerRecord }: Rate): number {
  return Math.max(
    1,
    Math.ceil(recordsPerSecond / SHARD_RECORDS_PER_SECOND),
    Math.ceil((recordsPerSecond * bytesPerRecord) / SHARD_BYTES_PER_SECOND),
  );
}

/** Firehose takes no smaller buffers: those of the definition are raised to its least. */
function firehoseBuffer(deliver: DeliverModel): { readonly bufferBytes: number; readonly bufferSeconds: number } {
  const partitioned = deliver.partitionBy.length > 0;
  const bytesMin = partitioned || deliver.fileFormat === "parquet" ? FIREHOSE_CONVERTING_BYTES_MIN : MIB;
  const secondsMin = partitioned ? FIREHOSE_PARTITIONING_SECONDS_MIN : 1;
  return {
    bufferBytes: Math.max(bytesMin, deliver.bufferBytes),
    bufferSeconds: Math.max(secondsMin, deliver.bufferMs / 1000),
  };
}
