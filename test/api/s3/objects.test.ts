import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { bytesOf, LAKE, openS3Door, type S3Door, type S3DoorOptions } from "./s3-door.js";

const Bucket = "own";

async function doorWithBucket(options: S3DoorOptions = {}): Promise<S3Door> {
  const door = await openS3Door(options);
  await door.client.send(new CreateBucketCommand({ Bucket }));
  return door;
}

async function read(door: S3Door, Key: string, bucket = Bucket): Promise<Buffer> {
  const { Body } = await door.client.send(new GetObjectCommand({ Bucket: bucket, Key }));
  return Buffer.from(await Body!.transformToByteArray());
}

test("buckets are made, listed, found and deleted once they are empty", async () => {
  const door = await openS3Door();
  const { client } = door;
  expect((await client.send(new CreateBucketCommand({ Bucket }))).Location).toBe("/own");
  const listed = await client.send(new ListBucketsCommand({}));
  expect(listed.Buckets?.map(({ Name }) => Name)).toEqual([LAKE, "own"]);
  expect(listed.Buckets?.[1]?.CreationDate).toBeInstanceOf(Date);
  expect((await client.send(new HeadBucketCommand({ Bucket }))).BucketRegion).toBe("us-east-1");
  expect((await client.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint).toBeUndefined();
  await expect(client.send(new CreateBucketCommand({ Bucket }))).rejects.toMatchObject({
    name: "BucketAlreadyOwnedByYou",
  });
  await expect(client.send(new CreateBucketCommand({ Bucket: "No_Name" }))).rejects.toMatchObject({
    name: "InvalidBucketName",
  });
  await client.send(new PutObjectCommand({ Bucket, Key: "k", Body: "v" }));
  await expect(client.send(new DeleteBucketCommand({ Bucket }))).rejects.toMatchObject({ name: "BucketNotEmpty" });
  await client.send(new DeleteObjectCommand({ Bucket, Key: "k" }));
  await client.send(new DeleteBucketCommand({ Bucket }));
  await expect(client.send(new HeadBucketCommand({ Bucket }))).rejects.toMatchObject({ name: "NotFound" });
  await expect(client.send(new ListObjectsV2Command({ Bucket }))).rejects.toMatchObject({ name: "NoSuchBucket" });
  await expect(client.send(new DeleteBucketCommand({ Bucket: LAKE }))).rejects.toMatchObject({ name: "AccessDenied" });
  expect(door.errors).toEqual([]);
});

test("an object comes back with all that was said of it", async () => {
  const { client } = await doorWithBucket();
  const body = bytesOf(100_000);
  const put = await client.send(
    new PutObjectCommand({
      Bucket,
      Key: "a/b.bin",
      Body: body,
      ContentType: "application/x-own",
      ContentEncoding: "identity",
      ContentDisposition: 'attachment; filename="b"',
      ContentLanguage: "de",
      CacheControl: "max-age=7",
      Metadata: { origin: "a test", number: "1" },
    }),
  );
  const etag = `"${createHash("md5").update(body).digest("hex")}"`;
  expect(put).toMatchObject({ ETag: etag, ChecksumType: "FULL_OBJECT" });
  expect(put.ChecksumCRC32).toMatch(/^.{8}$/);
  const described = {
    ETag: etag,
    ContentLength: body.length,
    ContentType: "application/x-own",
    ContentEncoding: "identity",
    ContentDisposition: 'attachment; filename="b"',
    ContentLanguage: "de",
    CacheControl: "max-age=7",
    Metadata: { origin: "a test", number: "1" },
    AcceptRanges: "bytes",
  };
  expect(await client.send(new HeadObjectCommand({ Bucket, Key: "a/b.bin" }))).toMatchObject(described);
  const got = await client.send(new GetObjectCommand({ Bucket, Key: "a/b.bin", ChecksumMode: "ENABLED" }));
  expect(got).toMatchObject({ ...described, ChecksumCRC32: put.ChecksumCRC32 });
  expect(Buffer.from(await got.Body!.transformToByteArray()).equals(body)).toBe(true);
  const overridden = await client.send(
    new GetObjectCommand({
      Bucket,
      Key: "a/b.bin",
      ResponseContentType: "text/plain",
      ResponseCacheControl: "no-store",
    }),
  );
  expect(overridden).toMatchObject({ ContentType: "text/plain", CacheControl: "no-store" });
  await overridden.Body!.transformToByteArray();
});

test.each(["CRC32", "CRC32C", "SHA1", "SHA256", "CRC64NVME"] as const)(
  "a streamed body with a trailing %s arrives whole",
  async (ChecksumAlgorithm) => {
    const door = await doorWithBucket();
    if (ChecksumAlgorithm === "CRC64NVME") return viaHeader(door);
    const body = bytesOf(3_000_001);
    const pieces = Readable.from([body.subarray(0, 1), body.subarray(1, 2_000_000), body.subarray(2_000_000)]);
    const put = await door.client.send(
      new PutObjectCommand({ Bucket, Key: "streamed", Body: pieces, ContentLength: body.length, ChecksumAlgorithm }),
    );
    expect(put[`Checksum${ChecksumAlgorithm}`]).toBeDefined();
    expect((await read(door, "streamed")).equals(body)).toBe(true);
    const { ContentEncoding } = await door.client.send(new HeadObjectCommand({ Bucket, Key: "streamed" }));
    expect(ContentEncoding).toBeUndefined();
  },
);

/** The SDK has no CRC-64 without a native package. "123456789" has a known one. */
async function viaHeader(door: S3Door): Promise<void> {
  const value = Buffer.from("ae8b14860a799888", "hex").toString("base64");
  const send = (body: string) =>
    door.raw({ method: "PUT", path: `/${Bucket}/crc64`, headers: { "x-amz-checksum-crc64nvme": value }, body });
  const good = await send("123456789");
  expect([good.status, good.headers["x-amz-checksum-crc64nvme"]]).toEqual([200, value]);
  expect(await send("12345678X")).toMatchObject({ status: 400, code: "BadDigest" });
}

test("what does not match its digest is refused and leaves what was there", async () => {
  const door = await doorWithBucket();
  const path = `/${Bucket}/kept`;
  await door.raw({ method: "PUT", path, body: "first" });
  const md5 = (text: string) => createHash("md5").update(text).digest("base64");
  const put = (headers: Record<string, string>) => door.raw({ method: "PUT", path, headers, body: "second" });
  expect(await put({ "content-md5": md5("else") })).toMatchObject({ status: 400, code: "BadDigest" });
  expect(await put({ "content-md5": "nonsense" })).toMatchObject({ status: 400, code: "InvalidDigest" });
  expect(await put({ "x-amz-checksum-crc32": "AAAAAA==" })).toMatchObject({ status: 400, code: "BadDigest" });
  expect(await put({ "x-amz-checksum-crc32": "AA==" })).toMatchObject({ status: 400, code: "InvalidRequest" });
  expect(await put({ "x-amz-content-sha256": "0".repeat(64) })).toMatchObject({ code: "XAmzContentSHA256Mismatch" });
  expect((await read(door, "kept")).toString()).toBe("first");
  expect(await put({ "content-md5": md5("second") })).toMatchObject({ status: 200 });
  expect((await read(door, "kept")).toString()).toBe("second");
  expect(door.errors).toEqual([]);
});

test("ranges are answered in part, and unsatisfiable ones refused with the size", async () => {
  const door = await doorWithBucket();
  await door.raw({ method: "PUT", path: `/${Bucket}/digits`, body: "0123456789" });
  await door.raw({ method: "PUT", path: `/${Bucket}/empty`, body: "" });
  const get = (range: string, key = "digits") => door.raw({ path: `/${Bucket}/${key}`, headers: { range } });
  for (const [range, text, part] of [
    ["bytes=2-4", "234", "bytes 2-4/10"],
    ["bytes=7-", "789", "bytes 7-9/10"],
    ["bytes=-3", "789", "bytes 7-9/10"],
    ["bytes=-30", "0123456789", "bytes 0-9/10"],
    ["bytes=5-500", "56789", "bytes 5-9/10"],
  ] as const) {
    const reply = await get(range);
    expect([reply.status, reply.text, reply.headers["content-range"]]).toEqual([206, text, part]);
    expect(reply.headers["content-length"]).toBe(String(text.length));
  }
  for (const range of ["bytes=10-", "bytes=-0"]) {
    const reply = await get(range);
    expect([reply.status, reply.code, reply.headers["content-range"]]).toEqual([416, "InvalidRange", "bytes */10"]);
  }
  expect((await get("bytes=0-", "empty")).status).toBe(416);
  for (const range of ["bytes=4-2", "lines=1-2", "bytes=1-2,4-5", "bytes=-"]) {
    expect(await get(range)).toMatchObject({ status: 200, text: "0123456789" });
  }
  const head = await door.raw({ method: "HEAD", path: `/${Bucket}/digits`, headers: { range: "bytes=2-4" } });
  expect([head.status, head.headers["content-length"], head.text]).toEqual([206, "3", ""]);
});

test("preconditions on reading are kept", async () => {
  const door = await doorWithBucket();
  const path = `/${Bucket}/k`;
  const etag = (await door.raw({ method: "PUT", path, body: "v" })).headers.etag!;
  const status = async (headers: Record<string, string>) => (await door.raw({ path, headers })).status;
  const past = "Mon, 01 Jan 2001 00:00:00 GMT";
  const future = "Fri, 01 Jan 2100 00:00:00 GMT";
  expect(await status({ "if-match": etag })).toBe(200);
  expect(await status({ "if-match": '"other"' })).toBe(412);
  expect(await status({ "if-none-match": etag })).toBe(304);
  expect(await status({ "if-none-match": '"other"' })).toBe(200);
  expect(await status({ "if-modified-since": future })).toBe(304);
  expect(await status({ "if-modified-since": past })).toBe(200);
  expect(await status({ "if-unmodified-since": past })).toBe(412);
  expect(await status({ "if-unmodified-since": past, "if-match": etag })).toBe(200);
  expect(await status({ "if-modified-since": past, "if-none-match": etag })).toBe(304);
});

test("a write can be made to depend on what is there", async () => {
  const { client } = await doorWithBucket();
  const first = await client.send(new PutObjectCommand({ Bucket, Key: "k", Body: "1", IfNoneMatch: "*" }));
  await expect(
    client.send(new PutObjectCommand({ Bucket, Key: "k", Body: "2", IfNoneMatch: "*" })),
  ).rejects.toMatchObject({ name: "PreconditionFailed" });
  await expect(
    client.send(new PutObjectCommand({ Bucket, Key: "k", Body: "2", IfMatch: '"other"' })),
  ).rejects.toMatchObject({ name: "PreconditionFailed" });
  await client.send(new PutObjectCommand({ Bucket, Key: "k", Body: "2", IfMatch: first.ETag }));
  await expect(
    client.send(new PutObjectCommand({ Bucket, Key: "none", Body: "2", IfMatch: first.ETag })),
  ).rejects.toMatchObject({ name: "NoSuchKey" });
});

test("of many that write one key at once where nothing is, one succeeds", async () => {
  const door = await doorWithBucket();
  const replies = await Promise.all(
    Array.from({ length: 12 }, (_, index) =>
      door.raw({ method: "PUT", path: `/${Bucket}/race`, headers: { "if-none-match": "*" }, body: `writer ${index}` }),
    ),
  );
  const won = replies.findIndex(({ status }) => status === 200);
  expect(replies.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 11 }, () => 412)]);
  expect((await read(door, "race")).toString()).toBe(`writer ${won}`);
});

test("an object that is replaced while it is read is read to its end", async () => {
  const door = await doorWithBucket();
  const old = bytesOf(20_000_000, 7);
  await door.client.send(new PutObjectCommand({ Bucket, Key: "k", Body: old }));
  const { Body } = await door.client.send(new GetObjectCommand({ Bucket, Key: "k" }));
  await door.client.send(new PutObjectCommand({ Bucket, Key: "k", Body: "new" }));
  expect(Buffer.from(await Body!.transformToByteArray()).equals(old)).toBe(true);
  expect((await read(door, "k")).toString()).toBe("new");
});

test("objects are copied, with their attributes or with others", async () => {
  const { client } = await doorWithBucket();
  await client.send(
    new PutObjectCommand({ Bucket, Key: "ä source", Body: "content", ContentType: "text/x", Metadata: { a: "1" } }),
  );
  const CopySource = `${Bucket}/${encodeURIComponent("ä source")}`;
  const copied = await client.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource }));
  expect(copied.CopyObjectResult?.ETag).toBe(`"${createHash("md5").update("content").digest("hex")}"`);
  expect(await client.send(new HeadObjectCommand({ Bucket, Key: "copy" }))).toMatchObject({
    ContentType: "text/x",
    Metadata: { a: "1" },
  });
  await client.send(
    new CopyObjectCommand({ Bucket, Key: "copy", CopySource, MetadataDirective: "REPLACE", Metadata: { b: "2" } }),
  );
  expect(await client.send(new HeadObjectCommand({ Bucket, Key: "copy" }))).toMatchObject({
    ContentType: "binary/octet-stream",
    Metadata: { b: "2" },
  });
  await expect(client.send(new CopyObjectCommand({ Bucket, Key: "ä source", CopySource }))).rejects.toMatchObject({
    name: "InvalidRequest",
  });
  await expect(
    client.send(new CopyObjectCommand({ Bucket, Key: "x", CopySource: `${Bucket}/none` })),
  ).rejects.toMatchObject({ name: "NoSuchKey" });
  await expect(
    client.send(new CopyObjectCommand({ Bucket, Key: "x", CopySource: "nowhere/none" })),
  ).rejects.toMatchObject({ name: "NoSuchBucket" });
  await expect(
    client.send(new CopyObjectCommand({ Bucket, Key: "x", CopySource, CopySourceIfMatch: '"other"' })),
  ).rejects.toMatchObject({ name: "PreconditionFailed" });
});

test("many objects are deleted at once, and each is told of", async () => {
  const { client } = await doorWithBucket();
  for (const Key of ["a", "a/b", "<&>"]) await client.send(new PutObjectCommand({ Bucket, Key, Body: "x" }));
  const Objects = ["a", "a/b", "<&>", "never there"].map((Key) => ({ Key }));
  const deleted = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  expect(deleted.Deleted?.map(({ Key }) => Key)).toEqual(["a", "a/b", "<&>", "never there"]);
  expect((await client.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(0);
  const quiet = await client.send(
    new DeleteObjectsCommand({ Bucket, Delete: { Quiet: true, Objects: [{ Key: "x" }, { Key: "k".repeat(1025) }] } }),
  );
  expect(quiet.Deleted).toBeUndefined();
  expect(quiet.Errors).toMatchObject([{ Code: "KeyTooLongError" }]);
});

test("the lake is read, and written beside what is Penstock's own", async () => {
  const door = await openS3Door();
  const { client, lake } = door;
  const key = "tables/quotes/2026/11/22/10/quotes-000000001-v1-abc.parquet";
  await lake.put(key, Buffer.from("PAR1 rows PAR1"));
  expect((await read(door, key, LAKE)).toString()).toBe("PAR1 rows PAR1");
  const head = await client.send(new HeadObjectCommand({ Bucket: LAKE, Key: key }));
  expect(head).toMatchObject({ ContentLength: 14 });
  expect(head.ETag).toMatch(/^"[0-9a-f]{32}-1"$/);
  const denied = { name: "AccessDenied", message: expect.stringContaining("table quotes") };
  await expect(client.send(new PutObjectCommand({ Bucket: LAKE, Key: key, Body: "mine" }))).rejects.toMatchObject(
    denied,
  );
  await expect(client.send(new DeleteObjectCommand({ Bucket: LAKE, Key: key }))).rejects.toMatchObject(denied);
  const some = await client.send(
    new DeleteObjectsCommand({ Bucket: LAKE, Delete: { Objects: [{ Key: key }, { Key: "free/1" }] } }),
  );
  expect(some.Errors).toMatchObject([{ Key: key, Code: "AccessDenied" }]);
  expect(some.Deleted).toMatchObject([{ Key: "free/1" }]);

  for (const Key of ["free/1", "a//b", "tables/other/x", "zz"]) {
    await client.send(new PutObjectCommand({ Bucket: LAKE, Key, Body: `at ${Key}` }));
  }
  const { Contents } = await client.send(new ListObjectsV2Command({ Bucket: LAKE }));
  expect(Contents?.map(({ Key }) => Key)).toEqual(["a//b", "free/1", "tables/other/x", key, "zz"]);
  const folders = await client.send(new ListObjectsV2Command({ Bucket: LAKE, Delimiter: "/", Prefix: "tables/" }));
  expect(folders.CommonPrefixes).toEqual([{ Prefix: "tables/other/" }, { Prefix: "tables/quotes/" }]);
  await client.send(new CopyObjectCommand({ Bucket: LAKE, Key: "copied", CopySource: `${LAKE}/${key}` }));
  expect((await read(door, "copied", LAKE)).toString()).toBe("PAR1 rows PAR1");
  // The bucket's other objects are no part of what Penstock keeps.
  expect((await lake.list("")).map((object) => object.key)).toEqual([key]);
  expect(door.errors).toEqual([]);
});

test("what is not there is not implemented, and says so", async () => {
  const door = await doorWithBucket();
  const put = (headers: Record<string, string>) =>
    door.raw({ method: "PUT", path: `/${Bucket}/k`, headers, body: "x" });
  expect(await put({ "x-amz-tagging": "a=b" })).toMatchObject({ status: 501, code: "NotImplemented" });
  expect(await put({ "x-amz-server-side-encryption": "aws:kms" })).toMatchObject({ status: 501 });
  expect(await put({ "x-amz-acl": "public-read" })).toMatchObject({ code: "AccessControlListNotSupported" });
  for (const path of [`/${Bucket}?policy`, `/${Bucket}?acl`, `/${Bucket}?versions`, `/${Bucket}/k?tagging`]) {
    expect(await door.raw({ path })).toMatchObject({ status: 501, code: "NotImplemented" });
  }
  expect(await door.raw({ method: "PATCH", path: `/${Bucket}/k` })).toMatchObject({
    status: 405,
    code: "MethodNotAllowed",
  });
  const missing = await door.raw({ path: `/${Bucket}/none` });
  expect(missing).toMatchObject({ status: 404, code: "NoSuchKey" });
  expect(missing.text).toContain(`<Resource>/${Bucket}/none</Resource>`);
  expect(missing.text).toContain(`<RequestId>${missing.headers["x-amz-request-id"]}</RequestId>`);
});
