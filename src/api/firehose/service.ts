/** The part of the Firehose API (2015-08-04) that feeds `directPut()` tables. */
import type { Clock } from "../../core/clock.js";
import type { StreamStore } from "../../stream/stream.js";
import { AwsError } from "../aws/aws-error.js";
import type { AwsService, Operation } from "../aws/service.js";
import { directPutLimits, type FirehoseContext } from "./context.js";
import { describeDeliveryStream, listDeliveryStreams } from "./describe.js";
import { putRecord, putRecordBatch } from "./put.js";

export interface FirehoseOptions {
  readonly store: StreamStore;
  readonly clock: Clock;
  readonly accountId: string;
  readonly region: string;
  /** Refuse what is beyond a stream's quota, record by record. Default false. */
  readonly throughputLimits?: boolean;
}

/** Known to the SDKs, and decided by the pipeline's definition here. */
const BY_DEFINITION = [
  "CreateDeliveryStream",
  "DeleteDeliveryStream",
  "ListTagsForDeliveryStream",
  "StartDeliveryStreamEncryption",
  "StopDeliveryStreamEncryption",
  "TagDeliveryStream",
  "UntagDeliveryStream",
  "UpdateDestination",
] as const;

export function firehoseService(options: FirehoseOptions): AwsService {
  const context: FirehoseContext = {
    store: options.store,
    clock: options.clock,
    accountId: options.accountId,
    region: options.region,
    throughput: options.throughputLimits ? directPutLimits(options.clock) : undefined,
  };
  const operations = new Map<string, Operation>([
    ["DescribeDeliveryStream", describeDeliveryStream(context)],
    ["ListDeliveryStreams", listDeliveryStreams(context)],
    ["PutRecord", putRecord(context)],
    ["PutRecordBatch", putRecordBatch(context)],
  ]);
  for (const name of BY_DEFINITION) operations.set(name, { run: async () => refuse(name) });
  return { target: "Firehose_20150804", signingName: "firehose", operations };
}

function refuse(name: string): never {
  throw new AwsError(
    "UnknownOperationException",
    `${name} is not available: delivery streams are the directPut() tables of the pipeline's definition.`,
  );
}
