/** What a pipeline would be on AWS at its present rate and at a multiple of it: quotas, rhythm, cost. Pure figures; the command prints them. */
import { type CostReport, monthlyCost } from "./cost.js";
import { type PipelineLoad, scaledLoad, shardsNeeded } from "./pipeline-load.js";
import { type PostgresVerdict, plainPostgres } from "./postgres.js";
import { deliveryRhythm, loadRhythm } from "./rhythm.js";

export interface Forecast {
  readonly factor: number;
  readonly streams: readonly StreamForecast[];
  readonly tables: readonly TableForecast[];
  readonly warehouse: {
    readonly loadsPerHour: number;
    readonly dataApiCallsPerMinute: number;
    /** 0 to 1; of a serverless warehouse, what loads alone keep it awake for. */
    readonly awakeShare: number;
  };
  readonly cost: CostReport;
  readonly postgres: PostgresVerdict;
  /** Quotas that would be passed or nearly so, and what is dear, with what to do about it. */
  readonly warnings: readonly string[];
}

export interface StreamForecast {
  readonly name: string;
  readonly kind: "kinesis" | "direct-put";
  readonly recordsPerSecond: number;
  readonly bytesPerSecond: number;
  readonly shardsNeeded: number;
  readonly shards: number;
}

export interface TableForecast {
  readonly table: string;
  readonly source: string;
  /** Firehose's, of `PARTITIONS_MAX`; 0 without partitions. */
  readonly activePartitions: number;
  readonly objectsPerHour: number;
  readonly bytesPerObject: number;
  /** Bytes that Firehose bills for each that comes in: its steps of 5 KB. */
  readonly rounding: number;
}

/** F: "500 active partitions for a given delivery stream". */
export const PARTITIONS_MAX = 500;
/** K: five GetRecords a second a shard; each delivery stream asks once a second. */
const READERS_MAX = 5;
/** Data API: "ExecuteStatement 30 a second". */
const EXECUTIONS_PER_SECOND_MAX = 30;
/** F, direct put, in the largest regions; elsewhere a fifth of it. */
const DIRECT_RECORDS_PER_SECOND_MAX = 500_000;
const DIRECT_BYTES_PER_SECOND_MAX = 5 * 1024 * 1024;
const NEARLY = 0.8;
const ROUNDING_DEAR = 4;
const AWAKE_DEAR = 0.5;
/** COPY does best on files of 1 MB to 1 GB, after compression. */
const OBJECT_BYTES_SMALL = 1024 * 1024;

export function forecast(load: PipelineLoad, factor: number): Forecast {
  const scaled = factor === 1 ? load : scaledLoad(load, factor);
  const objects = new Map<string, number>();
  const tables = scaled.deliveries.map((delivery): TableForecast => {
    const stream = scaled.streams.find(({ name }) => name === delivery.source);
    const rhythm = deliveryRhythm(delivery, stream?.shards ?? 1);
    objects.set(delivery.table, (objects.get(delivery.table) ?? 0) + rhythm.objectsPerSecond);
    const bytesPerSecond = delivery.recordsPerSecond * delivery.bytesPerRecord;
    return {
      table: delivery.table,
      source: delivery.source,
      activePartitions: delivery.activePartitions,
      objectsPerHour: rhythm.objectsPerSecond * 3600,
      bytesPerObject: rhythm.bytesPerObject,
      rounding: bytesPerSecond === 0 ? 1 : rhythm.billedBytesPerSecond / bytesPerSecond,
    };
  });
  const rhythm = loadRhythm(scaled, objects);
  const streams = scaled.streams.map((stream) => ({
    name: stream.name,
    kind: stream.kind,
    recordsPerSecond: stream.recordsPerSecond,
    bytesPerSecond: stream.recordsPerSecond * stream.bytesPerRecord,
    shardsNeeded: shardsNeeded(stream),
    shards: stream.shards,
  }));
  const cost = monthlyCost(scaled);
  const found = {
    factor,
    streams,
    tables,
    warehouse: {
      loadsPerHour: rhythm.loadsPerSecond * 3600,
      dataApiCallsPerMinute: rhythm.dataApiCallsPerSecond * 60,
      awakeShare: rhythm.awakeShare,
    },
    cost,
    postgres: plainPostgres(scaled, cost.totalUsd),
  };
  return { ...found, warnings: warnings(found, load, scaled, rhythm.loadsPerSecond) };
}

function warnings(
  { streams, tables, warehouse, cost }: Omit<Forecast, "warnings" | "postgres">,
  given: PipelineLoad,
  scaled: PipelineLoad,
  loadsPerSecond: number,
): string[] {
  const found: string[] = [];
  for (const stream of streams) {
    if (stream.kind === "direct-put") {
      if (
        stream.recordsPerSecond > NEARLY * DIRECT_RECORDS_PER_SECOND_MAX ||
        stream.bytesPerSecond > NEARLY * DIRECT_BYTES_PER_SECOND_MAX
      ) {
        found.push(
          `${stream.name}: Firehose takes 5 MiB and 500,000 records a second by direct put in the largest regions, and a fifth of it elsewhere; ask for more, or put a Kinesis stream before it.`,
        );
      }
      continue;
    }
    const before = given.streams.find(({ name }) => name === stream.name)?.shards ?? stream.shards;
    if (stream.shardsNeeded > before)
      found.push(`${stream.name}: needs ${stream.shardsNeeded} shards and has ${before}; raise \`shards\`.`);
    const readers = tables.filter(({ source }) => source === stream.name).length;
    if (readers > READERS_MAX) {
      found.push(
        `${stream.name}: ${readers} tables read it, and a shard answers ${READERS_MAX} readers a second; put several tables into one, or split the stream.`,
      );
    }
  }
  for (const { table, activePartitions, rounding, bytesPerObject, objectsPerHour } of tables) {
    if (activePartitions > NEARLY * PARTITIONS_MAX) {
      found.push(
        `${table}: ${activePartitions} partitions at once of Firehose's ${PARTITIONS_MAX}; partition by a coarser unit, or ask for more.`,
      );
    }
    if (rounding >= ROUNDING_DEAR) {
      found.push(
        `${table}: Firehose bills each record as 5 KB at least, ${rounding.toFixed(1)} times what it holds; put several rows into one record (an array, or the producer's aggregation), and it falls to near 1.`,
      );
    }
    if (objectsPerHour > 60 && bytesPerObject < OBJECT_BYTES_SMALL) {
      found.push(
        `${table}: ${Math.round(objectsPerHour)} objects an hour of ${Math.max(1, Math.round(bytesPerObject / 1024))} KB each; COPY does best from 1 MB on: raise \`bufferSeconds\`, or partition by less.`,
      );
    }
  }
  if (loadsPerSecond * 2 > NEARLY * EXECUTIONS_PER_SECOND_MAX)
    found.push("The Data API starts 30 statements a second at most; loads would come near it.");
  if (scaled.warehouse.kind === "serverless" && warehouse.awakeShare > AWAKE_DEAR) {
    const awake = cost.lines.find(({ item }) => item.startsWith("awake for loads"))?.usd ?? 0;
    found.push(
      `Loads alone keep the warehouse awake ${Math.round(100 * warehouse.awakeShare)}% of the time, $${Math.round(awake)} a month: each is billed for a minute. With \`bufferSeconds: 900\` there is one in fifteen minutes at most.`,
    );
  }
  return found;
}
