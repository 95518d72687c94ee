import { decode, encode, type TagDecoder, Token, Type } from "cborg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Door, openDoor, UNVERIFIED } from "../door.js";

let door: Door;
beforeAll(async () => {
  door = await openDoor();
  await door.stream("s", 1);
});
afterAll(() => door.close());

const TYPE = "application/x-amz-cbor-1.1";
/** Shows a tag's content as it is on the wire. */
const tags: TagDecoder[] = [];
tags[1] = (content) => ({ timestamp: content() });

async function call(operation: string, body: Uint8Array | object) {
  const reply = await new Promise<{ status: number; type: string | undefined; bytes: Buffer }>((resolve, reject) => {
    const bytes = body instanceof Uint8Array ? body : encode(body);
    fetch(door.url, {
      method: "POST",
      headers: { ...UNVERIFIED, "content-type": TYPE, "x-amz-target": `Kinesis_20131202.${operation}` },
      body: Buffer.from(bytes),
    })
      .then(async (response) =>
        resolve({
          status: response.status,
          type: response.headers.get("content-type") ?? undefined,
          bytes: Buffer.from(await response.arrayBuffer()),
        }),
      )
      .catch(reject);
  });
  const value = reply.bytes.length === 0 ? undefined : decode(reply.bytes, { tags });
  return { status: reply.status, type: reply.type, value };
}

test("data travels as bytes and timestamps as milliseconds under tag 1", async () => {
  const Data = Uint8Array.from({ length: 256 }, (_, i) => i);
  const put = await call("PutRecord", { StreamName: "s", PartitionKey: "k", Data });
  expect(put).toMatchObject({ status: 200, type: TYPE, value: { ShardId: "shardId-000000000000" } });
  const batch = await call("PutRecords", { StreamName: "s", Records: [{ PartitionKey: "k", Data }] });
  expect(batch.value.FailedRecordCount).toBe(0);
  const iterator = await call("GetShardIterator", { StreamName: "s", ShardId: "0", ShardIteratorType: "TRIM_HORIZON" });
  const { value } = await call("GetRecords", iterator.value);
  expect(value.Records).toHaveLength(2);
  expect([...value.Records[0].Data]).toEqual([...Data]);
  const { timestamp } = value.Records[0].ApproximateArrivalTimestamp;
  expect(Number.isInteger(timestamp)).toBe(true);
  expect(Math.abs(timestamp - Date.now())).toBeLessThan(60_000);
});

test("a timestamp in a request is milliseconds too, in maps of unknown length as well", async () => {
  const created = door.store.find("s")!.createdAtMs;
  const at = (ms: number) =>
    Buffer.concat([
      Buffer.from([0xbf]),
      ...Object.entries({ StreamName: "s", ShardId: "0", ShardIteratorType: "AT_TIMESTAMP" }).flatMap(
        ([key, value]) => [encode(key), encode(value)],
      ),
      encode("Timestamp"),
      encode(new Date(ms), { typeEncoders: { Date: () => [new Token(Type.tag, 1), new Token(Type.uint, ms)] } }),
      Buffer.from([0xff]),
    ]);
  const iterator = await call("GetShardIterator", at(created - 1_000));
  expect(iterator.status).toBe(200);
  expect((await call("GetRecords", iterator.value)).value.Records).toHaveLength(2);
  const future = await call("GetShardIterator", at(Date.now() + 60_000));
  expect(future.value.message).toContain("cannot be greater than the currentTimestampInMillis");
});

test("errors come in CBOR, and what is none is a SerializationException", async () => {
  const missing = await call("DescribeStream", { StreamName: "nope" });
  expect(missing).toEqual({
    status: 400,
    type: TYPE,
    value: { __type: "ResourceNotFoundException", message: "Stream nope under account 000000000000 not found." },
  });
  const broken = await call("DescribeStream", Buffer.from([0xbf, 0x61]));
  expect(broken).toEqual({ status: 400, type: TYPE, value: { __type: "SerializationException" } });
  expect((await call("DescribeStream", { StreamName: 5 })).value.__type).toBe("SerializationException");
  expect((await call("DeleteStream", { StreamName: "nope", ["__proto__"]: { x: 1 } })).status).toBe(400);
});

test("an answer without content has an empty body", async () => {
  const reply = await call("AddTagsToStream", { StreamName: "s", Tags: { a: "b" } });
  expect(reply).toEqual({ status: 200, type: TYPE, value: undefined });
});
