/** What SubscribeToShard does over time; that clients understand its events is shown with the SDKs. */
import { request } from "node:http";
import { EventStreamCodec } from "@smithy/eventstream-codec";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Clock, systemClock } from "../../../src/core/clock.js";
import { attributes, base64, type Door, JSON_TYPE, openDoor, UNVERIFIED } from "../door.js";

let aheadMs = 0;
const clock: Clock = { ...systemClock, monotonic: () => performance.now() + aheadMs };
let door: Door;
let ConsumerARN: string;

beforeAll(async () => {
  door = await openDoor({ clock });
  await door.store.create({ name: "s", kind: "kinesis", shards: 2, attributes: attributes() });
  const StreamARN = "arn:aws:kinesis:us-east-1:000000000000:stream/s";
  const reply = await door.call("RegisterStreamConsumer", { StreamARN, ConsumerName: "c" });
  ({ ConsumerARN } = reply.body.Consumer);
});
afterAll(() => door.close());

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString(),
  (text) => Buffer.from(text),
);

interface Subscription {
  readonly events: { readonly type: unknown; readonly body: { Records?: { Data: string }[]; message?: string } }[];
  readonly ended: Promise<void>;
  cut(): void;
}

function subscribe(shard: number): Promise<Subscription | { readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      door.url,
      {
        method: "POST",
        headers: { ...UNVERIFIED, "content-type": JSON_TYPE, "x-amz-target": "Kinesis_20131202.SubscribeToShard" },
      },
      (response) => {
        const events: Subscription["events"] = [];
        let rest = Buffer.alloc(0);
        let text = "";
        response.on("data", (chunk: Buffer) => {
          text += chunk.toString("latin1");
          rest = Buffer.concat([rest, chunk]);
          while (response.statusCode === 200 && rest.length >= 4 && rest.length >= rest.readUInt32BE(0)) {
            const { headers, body } = codec.decode(rest.subarray(0, rest.readUInt32BE(0)));
            rest = rest.subarray(rest.readUInt32BE(0));
            const type = (headers[":event-type"] ?? headers[":exception-type"])?.value;
            events.push({ type, body: JSON.parse(Buffer.from(body).toString()) });
          }
        });
        const ended = new Promise<void>((done) => response.on("close", () => done()));
        if (response.statusCode === 200) resolve({ events, ended, cut: () => sent.destroy() });
        else void ended.then(() => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    sent.on("error", reject);
    sent.end(
      JSON.stringify({ ConsumerARN, ShardId: `shardId-00000000000${shard}`, StartingPosition: { Type: "LATEST" } }),
    );
  });
}

async function subscribed(shard: number): Promise<Subscription> {
  for (;;) {
    const answer = await subscribe(shard);
    if ("events" in answer) return answer;
    // A consumer that was just registered is not active yet.
    if (!answer.text.includes("not in ACTIVE status")) throw new Error(answer.text);
  }
}

const until = async (holds: () => boolean) => {
  while (!holds()) await systemClock.sleep(5);
};
const dataOf = (subscription: Subscription) =>
  subscription.events
    .flatMap((event) => event.body.Records ?? [])
    .map((record) => Buffer.from(record.Data, "base64").toString());
const put = (text: string, hashKey: string) =>
  door.call("PutRecord", { StreamName: "s", PartitionKey: "a", Data: base64(text), ExplicitHashKey: hashKey });

test("a second subscription of the shard is refused for five seconds, then takes over", async () => {
  const first = await subscribed(0);
  await put("one", "0");
  await until(() => dataOf(first).length === 1);
  const refused = await subscribe(0);
  expect(refused).toMatchObject({ status: 400 });
  expect((refused as { text: string }).text).toContain("ResourceInUseException");
  // Another shard is another matter.
  const other = await subscribed(1);
  other.cut();

  aheadMs += 5_001;
  const second = await subscribed(0);
  await first.ended;
  expect(first.events.at(-1)?.type).toBe("ResourceInUseException");
  await put("two", "0");
  await until(() => dataOf(second).length === 1);
  expect([dataOf(first), dataOf(second)]).toEqual([["one"], ["two"]]);
  expect(second.events[0]?.type).toBe("initial-response");
  second.cut();
});

test("a subscription ends after five minutes, and tells where it stood until then", async () => {
  aheadMs += 5_001;
  const subscription = await subscribed(0);
  await until(() => subscription.events.length >= 2);
  expect(subscription.events[1]).toMatchObject({
    type: "SubscribeToShardEvent",
    body: { Records: [], MillisBehindLatest: 0, ContinuationSequenceNumber: expect.stringMatching(/^\d{56}$/) },
  });
  aheadMs += 300_000;
  await subscription.ended;
  expect(subscription.events.every((event) => !String(event.type).endsWith("Exception"))).toBe(true);
});

test("a reader that goes away frees its place", async () => {
  aheadMs += 5_001;
  const subscription = await subscribed(1);
  subscription.cut();
  // Not within the five seconds of another that still reads: the place itself is free.
  for (;;) {
    const answer = await subscribe(1);
    if ("events" in answer) {
      answer.cut();
      break;
    }
  }
  expect(door.errors).toEqual([]);
});
