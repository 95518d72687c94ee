/** The unmodified AWS SDK for JavaScript: Kinesis over h2c, as its client speaks by itself, and over HTTP/1.1; Firehose; signatures. */
import {
  DescribeDeliveryStreamCommand,
  FirehoseClient,
  ListDeliveryStreamsCommand,
  PutRecordCommand as PutFirehoseRecordCommand,
  PutRecordBatchCommand,
} from "@aws-sdk/client-firehose";
import {
  CreateStreamCommand,
  DescribeStreamConsumerCommand,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  type KinesisClientConfig,
  ListShardsCommand,
  ListStreamsCommand,
  PutRecordCommand,
  PutRecordsCommand,
  paginateListStreams,
  RegisterStreamConsumerCommand,
  ResourceNotFoundException,
  SplitShardCommand,
  SubscribeToShardCommand,
  type SubscribeToShardEvent,
  waitUntilStreamExists,
} from "@aws-sdk/client-kinesis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseRecordId } from "../../src/api/firehose/record-id.js";
import { attributes, type Door, openDoor } from "../api/door.js";

const SECRET = { name: "AKIDEXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
const credentials = { accessKeyId: SECRET.name, secretAccessKey: SECRET.secret };

/** The Kinesis client's own handler speaks HTTP/2; Firehose's speaks HTTP/1.1, and fits both. */
const http1Handler = () => new FirehoseClient({ region: "us-east-1" }).config.requestHandler;

let door: Door;
const clients: { destroy(): void }[] = [];
const kinesis = (over: Partial<KinesisClientConfig> = {}) => {
  const client = new KinesisClient({ endpoint: door.url, region: "us-east-1", credentials, maxAttempts: 1, ...over });
  clients.push(client);
  return client;
};

beforeAll(async () => {
  // Every request in this file is verified.
  door = await openDoor({ listener: { credentials: [SECRET] } });
});
afterAll(async () => {
  for (const client of clients) client.destroy();
  await door.close();
});

const text = (data: Uint8Array | undefined) => Buffer.from(data ?? []).toString();

describe.each([
  ["HTTP/2", undefined],
  ["HTTP/1.1", http1Handler()],
])("the Kinesis client over %s", (version, requestHandler) => {
  const client = () => kinesis(requestHandler === undefined ? {} : { requestHandler });
  const name = `sdk-${version.replace(/\W/g, "")}`;

  test("makes a stream, puts and reads records of any bytes", async () => {
    const sdk = client();
    await sdk.send(
      new CreateStreamCommand({ StreamName: name, ShardCount: 2, StreamModeDetails: { StreamMode: "PROVISIONED" } }),
    );
    await waitUntilStreamExists({ client: sdk, maxWaitTime: 30, minDelay: 0.1, maxDelay: 0.2 }, { StreamName: name });
    await door.active(name);
    const summary = (await sdk.send(new DescribeStreamSummaryCommand({ StreamName: name }))).StreamDescriptionSummary;
    expect(summary).toMatchObject({ OpenShardCount: 2, StreamModeDetails: { StreamMode: "PROVISIONED" } });
    expect(Math.abs((summary?.StreamCreationTimestamp?.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);

    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const single = await sdk.send(
      new PutRecordCommand({ StreamName: name, PartitionKey: 'ключ \u{1f600} "\\', Data: bytes }),
    );
    const batch = await sdk.send(
      new PutRecordsCommand({
        StreamName: name,
        Records: Array.from({ length: 500 }, (_, i) => ({ PartitionKey: `key ${i}`, Data: Buffer.from(`data ${i}`) })),
      }),
    );
    expect(batch.FailedRecordCount).toBe(0);
    const answered = new Set([single, ...(batch.Records ?? [])].map((one) => one.SequenceNumber));
    const { Shards = [] } = await sdk.send(new ListShardsCommand({ StreamName: name }));
    const seen = new Map<string, string>();
    for (const { ShardId } of Shards) {
      let { ShardIterator } = await sdk.send(
        new GetShardIteratorCommand({ StreamName: name, ShardId, ShardIteratorType: "TRIM_HORIZON" }),
      );
      for (;;) {
        const page = await sdk.send(new GetRecordsCommand({ ShardIterator, Limit: 100 }));
        for (const record of page.Records ?? []) {
          expect(answered.delete(record.SequenceNumber)).toBe(true);
          expect(Math.abs((record.ApproximateArrivalTimestamp?.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
          seen.set(record.PartitionKey ?? "", Buffer.from(record.Data ?? []).toString("latin1"));
        }
        if ((page.Records ?? []).length === 0) break;
        ShardIterator = page.NextShardIterator;
      }
    }
    expect(answered.size).toBe(0);
    expect(seen.get('ключ \u{1f600} "\\')).toBe(Buffer.from(bytes).toString("latin1"));
    expect(seen.get("key 499")).toBe("data 499");
  });

  test("gets typed errors", async () => {
    const failed = client().send(new DescribeStreamSummaryCommand({ StreamName: "nobody" }));
    await expect(failed).rejects.toBeInstanceOf(ResourceNotFoundException);
    await expect(failed).rejects.toMatchObject({ message: "Stream nobody under account 000000000000 not found." });
  });

  test("pages through streams", async () => {
    const names: string[] = [];
    for await (const page of paginateListStreams({ client: client() }, { Limit: 1 }))
      names.push(...(page.StreamNames ?? []));
    expect(names).toEqual(
      door.store
        .streams()
        .filter((one) => one.kind === "kinesis")
        .map((one) => one.name),
    );
  });

  test("sends many requests at once", async () => {
    const sdk = client();
    const sent = Array.from({ length: 100 }, (_, i) =>
      sdk.send(new PutRecordCommand({ StreamName: name, PartitionKey: `${i}`, Data: Buffer.from("x") })),
    );
    const numbers = new Set((await Promise.all(sent)).map((one) => one.SequenceNumber));
    expect(numbers.size).toBe(100);
  });

  test("subscribes to a shard until it ends", async () => {
    const sdk = client();
    const stream = `subscribed-${version.replace(/\W/g, "")}`;
    await door.store.create({ name: stream, kind: "kinesis", shards: 1, attributes: attributes() });
    const StreamARN = `arn:aws:kinesis:us-east-1:000000000000:stream/${stream}`;
    const { Consumer } = await sdk.send(new RegisterStreamConsumerCommand({ StreamARN, ConsumerName: "reader" }));
    const ConsumerARN = Consumer?.ConsumerARN;
    const status = async () =>
      (await sdk.send(new DescribeStreamConsumerCommand({ ConsumerARN }))).ConsumerDescription?.ConsumerStatus;
    while ((await status()) !== "ACTIVE");
    const put = (data: string) =>
      sdk.send(new PutRecordCommand({ StreamName: stream, PartitionKey: "a", Data: Buffer.from(data) }));
    await put("before");
    const subscribe = () =>
      sdk.send(
        new SubscribeToShardCommand({
          ConsumerARN,
          ShardId: "shardId-000000000000",
          StartingPosition: { Type: "TRIM_HORIZON" },
        }),
      );
    const { EventStream } = await subscribe();
    await expect(subscribe()).rejects.toMatchObject({ name: "ResourceInUseException" });
    const events: SubscribeToShardEvent[] = [];
    const data: string[] = [];
    for await (const { SubscribeToShardEvent: event } of EventStream ?? []) {
      if (event === undefined) continue;
      events.push(event);
      data.push(...(event.Records ?? []).map((record) => text(record.Data)));
      if (data.length === 1 && events.length === 1) await put("while reading");
      if (data.length === 2 && event.Records?.length) {
        await sdk.send(
          new SplitShardCommand({
            StreamName: stream,
            ShardToSplit: "shardId-000000000000",
            NewStartingHashKey: "1000",
          }),
        );
      }
    }
    expect(data).toEqual(["before", "while reading"]);
    expect(events[0]?.ContinuationSequenceNumber).toBe(events[0]?.Records?.[0]?.SequenceNumber);
    const last = events.at(-1);
    expect(last?.ContinuationSequenceNumber).toBeUndefined();
    expect(last?.ChildShards?.map((child) => child.ShardId)).toEqual(["shardId-000000000001", "shardId-000000000002"]);
  });
});

describe("the Firehose client", () => {
  const firehose = () => {
    const client = new FirehoseClient({ endpoint: door.url, region: "us-east-1", credentials, maxAttempts: 1 });
    clients.push(client);
    return client;
  };
  beforeAll(() => door.store.create({ name: "direct", kind: "direct-put", shards: 1, attributes: attributes() }));

  test("puts records one by one and in batches, durable when answered", async () => {
    const sdk = firehose();
    const single = await sdk.send(
      new PutFirehoseRecordCommand({ DeliveryStreamName: "direct", Record: { Data: Buffer.from("one\n") } }),
    );
    const batch = await sdk.send(
      new PutRecordBatchCommand({
        DeliveryStreamName: "direct",
        Records: [{ Data: Buffer.from("two\n") }, { Data: Buffer.from("three\n") }],
      }),
    );
    expect(batch).toMatchObject({ FailedPutCount: 0, Encrypted: false });
    const ids = [single.RecordId, ...(batch.RequestResponses ?? []).map((one) => one.RecordId)];
    expect(ids.map((id) => parseRecordId(id ?? "")?.sequence)).toEqual([1, 2, 3]);
    const stored = await door.store.find("direct")!.shards[0]!.read(1, { recordsMax: 10, bytesMax: 1_000 });
    expect(stored.map((record) => text(record.data))).toEqual(["one\n", "two\n", "three\n"]);
  });

  test("lists and describes the streams of directPut() tables, and those alone", async () => {
    const sdk = firehose();
    const listed = await sdk.send(new ListDeliveryStreamsCommand({}));
    expect(listed).toMatchObject({ DeliveryStreamNames: ["direct"], HasMoreDeliveryStreams: false });
    const { DeliveryStreamDescription } = await sdk.send(
      new DescribeDeliveryStreamCommand({ DeliveryStreamName: "direct" }),
    );
    expect(DeliveryStreamDescription).toMatchObject({
      DeliveryStreamARN: "arn:aws:firehose:us-east-1:000000000000:deliverystream/direct",
      DeliveryStreamStatus: "ACTIVE",
      DeliveryStreamType: "DirectPut",
    });
    const failed = sdk.send(
      new PutFirehoseRecordCommand({ DeliveryStreamName: "nobody", Record: { Data: Buffer.from("x") } }),
    );
    await expect(failed).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      message: "Firehose nobody under account 000000000000 not found.",
    });
  });
});

describe("a signature that is verified", () => {
  const list = (over: Partial<KinesisClientConfig>) => kinesis(over).send(new ListStreamsCommand({}));

  test.each([["HTTP/2"], ["HTTP/1.1"]])("must be made with the secret, over %s", async (version) => {
    const requestHandler = version === "HTTP/1.1" ? { requestHandler: http1Handler() } : {};
    const wrong = { accessKeyId: SECRET.name, secretAccessKey: "another secret" };
    await expect(list({ ...requestHandler, credentials: wrong })).rejects.toMatchObject({
      name: "InvalidSignatureException",
      message: expect.stringContaining("does not match the signature you provided"),
    });
    const unknown = { accessKeyId: "SOMEONE", secretAccessKey: SECRET.secret };
    await expect(list({ ...requestHandler, credentials: unknown })).rejects.toMatchObject({
      name: "UnrecognizedClientException",
    });
    await expect(
      list({ ...requestHandler, credentials: { ...credentials, sessionToken: "token" } }),
    ).resolves.toBeDefined();
  });

  test("must be of now, give or take five minutes", async () => {
    await expect(list({ systemClockOffset: -360_000 })).rejects.toMatchObject({
      name: "InvalidSignatureException",
      message: expect.stringMatching(
        /^Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 5 min\.\)$/,
      ),
    });
    await expect(list({ systemClockOffset: 360_000 })).rejects.toMatchObject({
      message: expect.stringMatching(/^Signature not yet current: /),
    });
    await expect(list({ systemClockOffset: 240_000 })).resolves.toBeDefined();
  });

  test("must be for this service", async () => {
    const stolen = new FirehoseClient({ endpoint: door.url, region: "us-east-1", credentials, maxAttempts: 1 });
    clients.push(stolen);
    stolen.middlewareStack.add(
      (next) => (args) => {
        const request = args.request as { headers: Record<string, string> };
        request.headers["X-Amz-Target"] = "Kinesis_20131202.ListStreams";
        delete request.headers["x-amz-target"];
        return next(args);
      },
      { step: "build", priority: "low" },
    );
    await expect(stolen.send(new ListDeliveryStreamsCommand({}))).rejects.toMatchObject({
      name: "InvalidSignatureException",
    });
  });

  test("covers the body and the target: neither can be changed on the way", async () => {
    for (const bend of ["body", "target", "unsigned header"]) {
      const sdk = kinesis({ requestHandler: http1Handler() });
      sdk.middlewareStack.add(
        (next) => (args) => {
          const request = args.request as { headers: Record<string, string>; body: unknown };
          if (bend === "body") {
            request.body = '{"Limit":1}';
            request.headers["content-length"] = "11";
          } else if (bend === "target") {
            for (const name of Object.keys(request.headers)) {
              if (name.toLowerCase() === "x-amz-target") request.headers[name] = "Kinesis_20131202.DescribeLimits";
            }
          } else {
            request.headers["x-amz-security-token"] = "added";
          }
          return next(args);
        },
        { step: "finalizeRequest", priority: "low" },
      );
      await expect(sdk.send(new ListStreamsCommand({})), bend).rejects.toMatchObject({
        name: "InvalidSignatureException",
      });
    }
  });
});
