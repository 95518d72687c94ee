/** How often things happen in a pipeline on AWS: objects, loads, calls. Per second, from the figures of a load. */
import { MIB } from "../core/limits.js";
import type { DeliveryLoad, PipelineLoad } from "./pipeline-load.js";

export interface DeliveryRhythm {
  /** Between two objects of one partition. */
  readonly secondsPerFlush: number;
  readonly objectsPerSecond: number;
  readonly bytesPerObject: number;
  /** What Firehose bills, of its 5 KB steps. */
  readonly billedBytesPerSecond: number;
  readonly transformsPerSecond: number;
}

export interface LoadRhythm {
  readonly loadsPerSecond: number;
  readonly dataApiCallsPerSecond: number;
  readonly stateTransitionsPerLoad: number;
  /** Share of all time in which a load keeps the warehouse awake. */
  readonly awakeShare: number;
}

/** F: "ingested in 5 KB increments", each record by itself. */
const FIREHOSE_STEP_BYTES = 5 * 1024;
/** What the deployed pipeline's transform takes at a time, per shard. */
const TRANSFORM_BYTES = MIB;
const TRANSFORM_SECONDS_MAX = 60;
/** The queue gathers a minute of new objects into one load a table; a load names at most so many objects. */
const GATHER_SECONDS = 60;
const OBJECTS_PER_LOAD_MAX = 64;
/** The state machine asks for the statement's state this often. */
const POLL_SECONDS = 5;
/** Redshift Serverless bills at least a minute. */
export const SERVERLESS_SECONDS_MIN = 60;
/** A load is two transactions: one that makes what is missing, one that loads. */
const TRANSACTIONS_PER_LOAD = 2;
const TRANSITIONS_PER_LOAD = 2;
const TRANSITIONS_PER_TRANSACTION = 7;
const TRANSITIONS_PER_FURTHER_POLL = 4;

export function firehoseBilledBytes(bytesPerRecord: number): number {
  return Math.max(1, Math.ceil(bytesPerRecord / FIREHOSE_STEP_BYTES)) * FIREHOSE_STEP_BYTES;
}

export function deliveryRhythm(delivery: DeliveryLoad, shards: number): DeliveryRhythm {
  const { recordsPerSecond, bytesPerRecord, bufferBytes, bufferSeconds } = delivery;
  const bytesPerSecond = recordsPerSecond * bytesPerRecord;
  if (bytesPerSecond === 0) {
    return {
      secondsPerFlush: bufferSeconds,
      objectsPerSecond: 0,
      bytesPerObject: 0,
      billedBytesPerSecond: 0,
      transformsPerSecond: 0,
    };
  }
  // Each partition has a buffer of its own; none is delivered before it has a record.
  const partitions = Math.max(1, delivery.activePartitions);
  const secondsPerFlush = Math.max(
    Math.min(bufferSeconds, (bufferBytes * partitions) / bytesPerSecond),
    partitions / recordsPerSecond,
  );
  const objectsPerSecond = partitions / secondsPerFlush;
  const storedPerSecond = recordsPerSecond * delivery.rowsPerRecord * delivery.storedBytesPerRecord;
  return {
    secondsPerFlush,
    objectsPerSecond,
    bytesPerObject: storedPerSecond / objectsPerSecond,
    billedBytesPerSecond: recordsPerSecond * firehoseBilledBytes(bytesPerRecord),
    transformsPerSecond: Math.min(
      recordsPerSecond,
      Math.max(bytesPerSecond / TRANSFORM_BYTES, shards / Math.max(1, Math.min(TRANSFORM_SECONDS_MAX, bufferSeconds))),
    ),
  };
}

/** Of all tables together; `objectsPerSecond` of each. */
export function loadRhythm(load: PipelineLoad, objectsPerSecond: ReadonlyMap<string, number>): LoadRhythm {
  const { secondsPerLoad } = load.warehouse;
  let loadsPerSecond = 0;
  for (const objects of objectsPerSecond.values()) {
    loadsPerSecond += Math.min(objects, Math.max(1 / GATHER_SECONDS, objects / OBJECTS_PER_LOAD_MAX));
  }
  const polls = 1 + Math.ceil(secondsPerLoad / POLL_SECONDS);
  return {
    loadsPerSecond,
    dataApiCallsPerSecond: loadsPerSecond * (TRANSACTIONS_PER_LOAD + polls),
    stateTransitionsPerLoad:
      TRANSITIONS_PER_LOAD +
      TRANSACTIONS_PER_LOAD * TRANSITIONS_PER_TRANSACTION +
      (polls - TRANSACTIONS_PER_LOAD) * TRANSITIONS_PER_FURTHER_POLL,
    awakeShare: Math.min(1, loadsPerSecond * Math.max(SERVERLESS_SECONDS_MIN, secondsPerLoad)),
  };
}
