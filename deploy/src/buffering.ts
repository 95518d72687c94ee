/** The definition's buffers within Firehose's rules. */
import { MIB } from "../../src/core/limits.js";
import type { DeliverModel } from "../../src/definition/model.js";

/** With format conversion or dynamic partitioning. */
const CONVERTING_MIB_MIN = 64;
const PARTITIONING_SECONDS_MIN = 60;
const MIB_MAX = 128;
const SECONDS_MAX = 900;

export interface BufferingHints {
  readonly sizeInMBs: number;
  readonly intervalInSeconds: number;
}

/** The nearest that Firehose takes: it refuses what is smaller rather than rounding it up. */
export function bufferingHints(deliver: DeliverModel): BufferingHints {
  const partitioned = deliver.partitionBy.length > 0;
  const sizeMin = partitioned || deliver.fileFormat === "parquet" ? CONVERTING_MIB_MIN : 1;
  const secondsMin = partitioned ? PARTITIONING_SECONDS_MIN : 0;
  return {
    sizeInMBs: Math.min(MIB_MAX, Math.max(sizeMin, Math.round(deliver.bufferBytes / MIB))),
    intervalInSeconds: Math.min(SECONDS_MAX, Math.max(secondsMin, Math.round(deliver.bufferMs / 1000))),
  };
}
