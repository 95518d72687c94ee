/** Members that many operations share, with the service's constraints (Kinesis API reference). */
import { integer, list, map, string, structure, timestamp } from "../aws/shape.js";

export const NAME_PATTERN = "[a-zA-Z0-9_.-]+";
const NAME_RULES = { pattern: NAME_PATTERN, min: 1, max: 128 } as const;

export const name = string(NAME_RULES);
export const requiredName = string({ ...NAME_RULES, required: true });
/** The stream's name, which its ARN may stand for. */
export const streamName = string({ ...NAME_RULES, required: true, unless: "StreamARN" });

const STREAM_ARN_RULES = { pattern: "arn:aws.*:kinesis:.*:\\d{12}:stream/[a-zA-Z0-9_.-]+", min: 1, max: 2048 } as const;
export const streamArn = string(STREAM_ARN_RULES);
export const requiredStreamArn = string({ ...STREAM_ARN_RULES, required: true });

const CONSUMER_ARN_RULES = {
  pattern: "^(arn):aws.*:kinesis:.*:\\d{12}:.*stream\\/[a-zA-Z0-9_.-]+\\/consumer\\/[a-zA-Z0-9_.-]+:[0-9]+",
  min: 1,
  max: 2048,
} as const;
export const consumerArn = string(CONSUMER_ARN_RULES);
export const requiredConsumerArn = string({ ...CONSUMER_ARN_RULES, required: true });
export const resourceArn = string({
  pattern: "arn:aws.*:kinesis:.*:\\d{12}:.*stream/\\S+",
  min: 1,
  max: 2048,
  required: true,
});

/** Reserved by the service: taken, and without effect. */
export const streamId = string({ min: 1, max: 24 });

export const sequenceNumber = string({ pattern: "0|([1-9]\\d{0,128})" });
const HASH_KEY_PATTERN = "0|([1-9]\\d{0,38})";
export const hashKey = string({ pattern: HASH_KEY_PATTERN });
export const requiredHashKey = string({ pattern: HASH_KEY_PATTERN, required: true });
export const pageLimit = integer({ min: 1, max: 10_000 });
export const nextToken = string({ min: 1, max: 1_048_576 });
export const moment = timestamp();

export const TAG_KEY_CHARS_MAX = 128;
export const TAG_VALUE_CHARS_MAX = 256;
/** In one request of AddTagsToStream or RemoveTagsFromStream. */
const TAGS_A_REQUEST_MAX = 10;

export const requiredTags = map({
  required: true,
  min: 1,
  max: TAGS_A_REQUEST_MAX,
  keyLengths: [1, TAG_KEY_CHARS_MAX],
  valueLengths: [0, TAG_VALUE_CHARS_MAX],
});
export const resourceTags = map({
  max: 200,
  keyLengths: [1, TAG_KEY_CHARS_MAX],
  valueLengths: [0, TAG_VALUE_CHARS_MAX],
});
export const requiredTagKeys = list(string(), {
  required: true,
  min: 1,
  max: TAGS_A_REQUEST_MAX,
  memberLengths: [1, TAG_KEY_CHARS_MAX],
});

export const STREAM_MODES = ["PROVISIONED", "ON_DEMAND"] as const;
export const streamModeDetails = structure({ StreamMode: string({ required: true, oneOf: STREAM_MODES }) });
export const requiredStreamModeDetails = structure(
  { StreamMode: string({ required: true, oneOf: STREAM_MODES }) },
  { required: true },
);
