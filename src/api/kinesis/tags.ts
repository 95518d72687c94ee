/** The two generations of tag operations: by stream, and by resource (a stream or a consumer). */
import type { Stream, StreamConsumer } from "../../stream/stream.js";
import { invalidArgument, notFound } from "../aws/aws-error.js";
import { operation } from "../aws/service.js";
import { integer, list, string, structure } from "../aws/shape.js";
import { parseArn } from "./arn.js";
import { findStream, type KinesisContext, requireStream, streamNotFound } from "./context.js";
import {
  requiredTagKeys,
  requiredTags,
  resourceArn,
  streamArn,
  streamId,
  streamName,
  TAG_KEY_CHARS_MAX,
} from "./members.js";

/** Tags one resource can have. */
const TAGS_MAX = 50;

/** The service raised what it takes and kept the words for what it refuses. */
const tagsLimit = integer({ min: 1, max: TAGS_MAX, printedMax: 10 });

type Tags = ReadonlyMap<string, string>;

export const addTagsToStream = (context: KinesisContext) =>
  operation(
    structure({ Tags: requiredTags, StreamName: streamName, StreamARN: streamArn, StreamId: streamId }),
    async (request) => {
      const stream = requireStream(context, request);
      checkTagCharacters(context, "add", stream.name, request.Tags);
      await stream.update(({ tags }) => ({ tags: withTags(context, stream.name, tags, request.Tags) }));
      return undefined;
    },
  );

export const removeTagsFromStream = (context: KinesisContext) =>
  operation(
    structure({ TagKeys: requiredTagKeys, StreamName: streamName, StreamARN: streamArn, StreamId: streamId }),
    async (request) => {
      const stream = requireStream(context, request);
      checkTagCharacters(context, "remove", stream.name, new Map(request.TagKeys.map((key) => [key, ""])));
      await stream.update(({ tags }) => ({ tags: withoutTags(tags, request.TagKeys) }));
      return undefined;
    },
  );

export const listTagsForStream = (context: KinesisContext) =>
  operation(
    structure({
      Limit: tagsLimit,
      ExclusiveStartTagKey: string({ min: 1, max: TAG_KEY_CHARS_MAX }),
      StreamName: streamName,
      StreamARN: streamArn,
      StreamId: streamId,
    }),
    (request) => {
      const stream = requireStream(context, request);
      const after = request.ExclusiveStartTagKey;
      const tags = tagViews(stream.attributes.tags).filter((tag) => after === undefined || tag.Key > after);
      const limit = request.Limit ?? TAGS_MAX;
      return { Tags: tags.slice(0, limit), HasMoreTags: tags.length > limit };
    },
  );

export const tagResource = (context: KinesisContext) =>
  operation(structure({ Tags: requiredTags, ResourceARN: resourceArn, StreamId: streamId }), async (request) => {
    const { stream, consumer } = findResource(context, request.ResourceARN);
    checkTagCharacters(context, "add", stream.name, request.Tags);
    await changeTags(stream, consumer, (tags) => withTags(context, stream.name, tags, request.Tags));
    return undefined;
  });

export const untagResource = (context: KinesisContext) =>
  operation(
    structure({
      TagKeys: list(string(), { required: true, min: 1, max: TAGS_MAX, memberLengths: [1, TAG_KEY_CHARS_MAX] }),
      ResourceARN: resourceArn,
      StreamId: streamId,
    }),
    async (request) => {
      const { stream, consumer } = findResource(context, request.ResourceARN);
      await changeTags(stream, consumer, (tags) => withoutTags(tags, request.TagKeys));
      return undefined;
    },
  );

export const listTagsForResource = (context: KinesisContext) =>
  operation(structure({ ResourceARN: resourceArn, StreamId: streamId }), (request) => {
    const { stream, consumer } = findResource(context, request.ResourceARN);
    return { Tags: tagViews(consumer?.tags ?? stream.attributes.tags) };
  });

/** Letters of the scripts that the service takes, digits, blanks and a few signs; `%` passes here and is refused after. */
const FORBIDDEN = /[^\u00C0-\u1FFF\u2C00-\uD7FF\w./\-=+_ @%:]/;

export function checkTagCharacters(
  context: KinesisContext,
  action: "add" | "remove",
  stream: string,
  tags: Tags,
): void {
  const texts = [...tags.keys(), ...tags.values()];
  if (texts.some((text) => FORBIDDEN.test(text))) {
    throw invalidArgument(
      "Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, _ . / = + - % @.",
    );
  }
  if (texts.some((text) => text.includes("%"))) {
    throw invalidArgument(
      `Failed to ${action} tags ${action === "add" ? "to" : "from"} stream ${stream} under account ${context.accountId} ` +
        "because some tags contained illegal characters. The allowed characters are Unicode letters, white-spaces, " +
        "'_',',','/','=','+','-','@'.",
    );
  }
}

function withTags(
  context: KinesisContext,
  stream: string,
  before: Readonly<Record<string, string>>,
  added: Tags,
): Record<string, string> {
  const after = new Map([...Object.entries(before), ...added]);
  if (after.size > TAGS_MAX) {
    // The number in the service's message is older than its limit.
    throw invalidArgument(
      `Failed to add tags to stream ${stream} under account ${context.accountId} because a given stream cannot have more than 10 tags associated with it.`,
    );
  }
  return Object.fromEntries(after);
}

function withoutTags(before: Readonly<Record<string, string>>, keys: readonly string[]): Record<string, string> {
  const removed = new Set(keys);
  return Object.fromEntries(Object.entries(before).filter(([key]) => !removed.has(key)));
}

function tagViews(tags: Readonly<Record<string, string>>) {
  return Object.entries(tags)
    .map(([Key, Value]) => ({ Key, Value }))
    .sort((a, b) => (a.Key < b.Key ? -1 : 1));
}

function findResource(
  context: KinesisContext,
  arn: string,
): { readonly stream: Stream; readonly consumer: StreamConsumer | undefined } {
  const parsed = parseArn(arn);
  if (parsed === undefined) throw invalidArgument(`ResourceARN ${arn} is not the ARN of a stream or a consumer.`);
  const stream =
    parsed.accountId === context.accountId && parsed.region === context.region
      ? findStream(context, parsed.stream)
      : undefined;
  if (stream === undefined) {
    throw parsed.accountId === context.accountId
      ? streamNotFound(context, parsed.stream)
      : notFound(`Stream ${parsed.stream} under account ${parsed.accountId} not found.`);
  }
  if (parsed.consumer === undefined) return { stream, consumer: undefined };
  const consumer = stream.attributes.consumers.find((one) => one.arn === arn);
  if (consumer === undefined) throw notFound(`Consumer ${arn} not found.`);
  return { stream, consumer };
}

type TagsOf = Readonly<Record<string, string>>;

function changeTags(
  stream: Stream,
  consumer: StreamConsumer | undefined,
  change: (tags: TagsOf) => TagsOf,
): Promise<void> {
  return stream.update(({ tags, consumers }) =>
    consumer === undefined
      ? { tags: change(tags) }
      : { consumers: consumers.map((one) => (one.arn === consumer.arn ? { ...one, tags: change(one.tags) } : one)) },
  );
}
