import { afterAll, beforeAll, expect, test } from "vitest";
import { type Door, openDoor } from "../door.js";

let door: Door;
beforeAll(async () => {
  door = await openDoor();
  await door.stream("s", 1);
});
afterAll(() => door.close());

const StreamARN = "arn:aws:kinesis:us-east-1:000000000000:stream/s";
const register = (ConsumerName: string) => door.call("RegisterStreamConsumer", { StreamARN, ConsumerName });

test("a consumer is registered, found by name and ARN, tagged, listed by pages, and deregistered", async () => {
  const { Consumer } = (await register("a")).body;
  expect(Consumer).toMatchObject({ ConsumerName: "a", ConsumerStatus: "CREATING" });
  expect(Consumer.ConsumerARN).toBe(`${StreamARN}/consumer/a:${Math.floor(Consumer.ConsumerCreationTimestamp)}`);
  const again = await register("a");
  expect(again.body.__type).toBe("ResourceInUseException");
  await register("b");

  const byArn = async () => (await door.call("DescribeStreamConsumer", { ConsumerARN: Consumer.ConsumerARN })).body;
  while ((await byArn()).ConsumerDescription.ConsumerStatus !== "ACTIVE");
  const byName = await door.call("DescribeStreamConsumer", { StreamARN, ConsumerName: "a" });
  expect(byName.body).toEqual(await byArn());
  expect(byName.body.ConsumerDescription.StreamARN).toBe(StreamARN);

  await door.call("TagResource", { ResourceARN: Consumer.ConsumerARN, Tags: { team: "x" } });
  const tags = await door.call("ListTagsForResource", { ResourceARN: Consumer.ConsumerARN });
  expect(tags.body).toEqual({ Tags: [{ Key: "team", Value: "x" }] });

  const first = (await door.call("ListStreamConsumers", { StreamARN, MaxResults: 1 })).body;
  const second = (await door.call("ListStreamConsumers", { StreamARN, NextToken: first.NextToken })).body;
  expect([...first.Consumers, ...second.Consumers].map((one) => one.ConsumerName)).toEqual(["a", "b"]);
  expect(second.NextToken).toBeUndefined();

  const held = await door.call("DeleteStream", { StreamName: "s" });
  expect(held.body.__type).toBe("ResourceInUseException");
  expect((await door.call("DeregisterStreamConsumer", { ConsumerARN: Consumer.ConsumerARN })).status).toBe(200);
  while ((await byArn()).__type === undefined);
  expect((await byArn()).message).toBe("Consumer a under stream s not found for account 000000000000.");
  expect((await door.call("DeleteStream", { StreamName: "s", EnforceConsumerDeletion: true })).status).toBe(200);
});

test("a stream has at most twenty consumers", async () => {
  const own = await openDoor();
  await own.stream("s", 1);
  const replies = [];
  for (let i = 0; i < 21; i++)
    replies.push(await own.call("RegisterStreamConsumer", { StreamARN, ConsumerName: `c${i}` }));
  expect(replies.slice(0, 20).every((reply) => reply.status === 200)).toBe(true);
  expect(replies[20]?.body.__type).toBe("LimitExceededException");
  await own.close();
});
