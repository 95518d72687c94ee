import type { Stream } from "../../stream/stream.js";
import { operation } from "../aws/service.js";
import { integer, string, structure } from "../aws/shape.js";
import {
  deliveryStreamName,
  deliveryStreams,
  type FirehoseContext,
  optionalDeliveryStreamName,
  requireDeliveryStream,
} from "./context.js";

const STREAM_TYPES = ["DirectPut", "KinesisStreamAsSource", "MSKAsSource", "DatabaseAsSource"] as const;
const STREAMS_A_PAGE = 10;

export const describeDeliveryStream = (context: FirehoseContext) =>
  operation(
    structure({
      DeliveryStreamName: deliveryStreamName,
      Limit: integer({ min: 1, max: 10_000 }),
      ExclusiveStartDestinationId: string({ pattern: "[a-zA-Z0-9-]+", min: 1, max: 100 }),
    }),
    (request) => {
      const stream = requireDeliveryStream(context, request.DeliveryStreamName);
      return { DeliveryStreamDescription: description(context, stream) };
    },
  );

export const listDeliveryStreams = (context: FirehoseContext) =>
  operation(
    structure({
      Limit: integer({ min: 1, max: 10_000 }),
      DeliveryStreamType: string({ oneOf: STREAM_TYPES }),
      ExclusiveStartDeliveryStreamName: optionalDeliveryStreamName,
    }),
    (request) => {
      const after = request.ExclusiveStartDeliveryStreamName;
      const wanted = request.DeliveryStreamType === undefined || request.DeliveryStreamType === "DirectPut";
      const names = (wanted ? deliveryStreams(context) : [])
        .map((stream) => stream.name)
        .filter((name) => after === undefined || name > after);
      const limit = request.Limit ?? STREAMS_A_PAGE;
      return { DeliveryStreamNames: names.slice(0, limit), HasMoreDeliveryStreams: names.length > limit };
    },
  );

function description(context: FirehoseContext, stream: Stream): object {
  return {
    DeliveryStreamName: stream.name,
    DeliveryStreamARN: `arn:aws:firehose:${context.region}:${context.accountId}:deliverystream/${stream.name}`,
    DeliveryStreamStatus: "ACTIVE",
    DeliveryStreamEncryptionConfiguration: { Status: "DISABLED" },
    DeliveryStreamType: "DirectPut",
    VersionId: "1",
    CreateTimestamp: new Date(stream.createdAtMs),
    Destinations: [{ DestinationId: "destinationId-000000000001" }],
    HasMoreDestinations: false,
  };
}
