/** Whether one plain PostgreSQL would do instead: a stream, a lake and a warehouse are for what one machine's rows and disks cannot hold. */
import type { PipelineLoad } from "./pipeline-load.js";
import { HOURS_PER_MONTH, PRICES } from "./prices.js";

export interface PostgresVerdict {
  readonly fits: boolean;
  readonly rowsPerSecond: number;
  readonly gbAfterAYear: number;
  /** The instance of RDS that was reckoned with, where one fits. */
  readonly instance?: string;
  readonly usdPerMonth?: number;
  readonly sentence: string;
}

interface Size {
  readonly instance: string;
  readonly price: { readonly usd: number };
  readonly rowsPerSecondMax: number;
  readonly gbMax: number;
}

/**
 * Rules of thumb, on the safe side: rows a second that come in by batches and are indexed once, and tables that a person may scan while they do.
 * Beyond the last a column store begins to pay.
 */
const SIZES: readonly Size[] = [
  { instance: "db.t4g.medium", price: PRICES.rdsT4gMediumHour, rowsPerSecondMax: 200, gbMax: 50 },
  { instance: "db.m6g.large", price: PRICES.rdsM6gLargeHour, rowsPerSecondMax: 1000, gbMax: 150 },
  { instance: "db.r6g.xlarge", price: PRICES.rdsR6gXlargeHour, rowsPerSecondMax: 3000, gbMax: 500 },
];
const SECONDS_PER_YEAR = 365 * 86_400;
/** A row's header and its place in the page, and its entry in one index. */
const ROW_BYTES = 28 + 20;
/** Columns against the JSON or CSV that they came as. */
const COLUMN_SHARE = 0.6;
/** Free room, WAL, bloat. */
const DISK_FACTOR = 1.3;
const GB = 1024 ** 3;

export function plainPostgres(load: PipelineLoad, pipelineUsd: number): PostgresVerdict {
  let rowsPerSecond = 0;
  let bytesPerSecond = 0;
  for (const { recordsPerSecond, rowsPerRecord, bytesPerRecord } of load.deliveries) {
    const rows = recordsPerSecond * rowsPerRecord;
    rowsPerSecond += rows;
    bytesPerSecond += rows * (ROW_BYTES + COLUMN_SHARE * bytesPerRecord);
  }
  const gbAfterAYear = (bytesPerSecond * SECONDS_PER_YEAR) / GB;
  const size = SIZES.find(({ rowsPerSecondMax, gbMax }) => rowsPerSecond <= rowsPerSecondMax && gbAfterAYear <= gbMax);
  const figures = { rowsPerSecond, gbAfterAYear };
  const scale = `${rowsPerSecond.toFixed(rowsPerSecond < 10 ? 1 : 0)} rows a second, ${gbAfterAYear.toFixed(gbAfterAYear < 10 ? 1 : 0)} GB in a year`;
  if (size === undefined) {
    return {
      ...figures,
      fits: false,
      sentence: `A plain PostgreSQL would not do for long: ${scale}, and one machine does well up to 3,000 rows a second and 500 GB.`,
    };
  }
  const usdPerMonth = size.price.usd * HOURS_PER_MONTH + gbAfterAYear * DISK_FACTOR * PRICES.rdsGp3GbMonth.usd;
  return {
    ...figures,
    fits: true,
    instance: size.instance,
    usdPerMonth,
    sentence: `A plain PostgreSQL would do: ${scale}; one ${size.instance} on RDS, with a year's rows on its disk, is $${usdPerMonth.toFixed(0)} a month against $${pipelineUsd.toFixed(0)}.`,
  };
}
