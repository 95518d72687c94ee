import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { expect, test } from "vitest";
import { bytesOf, openS3Door, type S3Door } from "./s3-door.js";

const Bucket = "own";
const Key = "large/öbject";
const MIB = 1024 * 1024;

async function doorWithBucket(): Promise<S3Door> {
  const door = await openS3Door();
  await door.client.send(new CreateBucketCommand({ Bucket }));
  return door;
}

async function begin({ client }: S3Door, more: object = {}): Promise<string> {
  return (await client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }))).UploadId!;
}

async function part(door: S3Door, UploadId: string, PartNumber: number, Body: Buffer | string): Promise<CompletedPart> {
  const { ETag, ChecksumCRC32 } = await door.client.send(
    new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }),
  );
  return { PartNumber, ETag, ChecksumCRC32 };
}

function complete({ client }: S3Door, UploadId: string, Parts: CompletedPart[], more: object = {}) {
  return client.send(
    new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts }, ...more }),
  );
}

test("an object comes in parts, out of order and again, and is whole", async () => {
  const door = await doorWithBucket();
  const UploadId = await begin(door, { ContentType: "text/x", Metadata: { a: "1" } });
  const [one, two, three] = [bytesOf(5 * MIB, 1), bytesOf(6 * MIB, 2), bytesOf(17, 3)] as const;
  const third = await part(door, UploadId, 9, three);
  await part(door, UploadId, 1, "to be replaced");
  const first = await part(door, UploadId, 1, one);
  const second = await part(door, UploadId, 2, two);
  const listed = await door.client.send(new ListPartsCommand({ Bucket, Key, UploadId, MaxParts: 2 }));
  expect(listed.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
    [1, one.length],
    [2, two.length],
  ]);
  expect(listed).toMatchObject({ IsTruncated: true, NextPartNumberMarker: "2" });
  await expect(door.client.send(new HeadObjectCommand({ Bucket, Key }))).rejects.toMatchObject({ name: "NotFound" });

  const done = await complete(door, UploadId, [first, second, third]);
  const md5 = (bytes: Buffer) => createHash("md5").update(bytes).digest();
  const etag = createHash("md5")
    .update(Buffer.concat([md5(one), md5(two), md5(three)]))
    .digest("hex");
  expect(done).toMatchObject({ ETag: `"${etag}-3"`, Bucket, Key });
  const got = await door.client.send(new GetObjectCommand({ Bucket, Key }));
  expect(got).toMatchObject({ ContentType: "text/x", Metadata: { a: "1" }, ETag: `"${etag}-3"` });
  const body = Buffer.from(await got.Body!.transformToByteArray());
  expect(body.equals(Buffer.concat([one, two, three]))).toBe(true);
  // The answer was lost, perhaps; asked again, it is the same.
  expect(await complete(door, UploadId, [first, second, third])).toMatchObject({ ETag: `"${etag}-3"` });
  await expect(part(door, UploadId, 1, "late")).rejects.toMatchObject({ name: "NoSuchUpload" });
  expect(await readdir(join(door.directory, "buckets", Bucket, "uploads"))).toEqual([]);
  expect(door.errors).toEqual([]);
});

test("the SDK's own uploader is content, with checksums of each kind", async () => {
  const door = await doorWithBucket();
  const body = bytesOf(11 * MIB + 5);
  for (const ChecksumAlgorithm of ["CRC32", "SHA256"] as const) {
    const pieces = Readable.from([body.subarray(0, 7 * MIB), body.subarray(7 * MIB)]);
    const upload = new Upload({
      client: door.client,
      params: { Bucket, Key, Body: pieces, ChecksumAlgorithm },
      partSize: 5 * MIB,
    });
    const done = await upload.done();
    expect(done[`Checksum${ChecksumAlgorithm}`]).toMatch(/^.+=?-3$/);
    const got = await door.client.send(new GetObjectCommand({ Bucket, Key, ChecksumMode: "ENABLED" }));
    expect(got.ChecksumType).toBe("COMPOSITE");
    expect(Buffer.from(await got.Body!.transformToByteArray()).equals(body)).toBe(true);
  }
});

test("a checksum of the whole object is computed, and held against what the caller says", async () => {
  const door = await doorWithBucket();
  const more = { ChecksumAlgorithm: "CRC32", ChecksumType: "FULL_OBJECT" };
  const UploadId = await begin(door, more);
  const parts = [await part(door, UploadId, 1, "123456789")];
  await expect(complete(door, UploadId, parts, { ChecksumCRC32: "AAAAAA==" })).rejects.toMatchObject({
    name: "BadDigest",
  });
  await expect(complete(door, UploadId, parts, { MpuObjectSize: 8 })).rejects.toMatchObject({ name: "InvalidRequest" });
  const crc = Buffer.from("cbf43926", "hex").toString("base64");
  const done = await complete(door, UploadId, parts, { ChecksumCRC32: crc, MpuObjectSize: 9 });
  expect(done).toMatchObject({ ChecksumCRC32: crc, ChecksumType: "FULL_OBJECT" });
  await expect(begin(door, { ChecksumAlgorithm: "SHA1", ChecksumType: "FULL_OBJECT" })).rejects.toMatchObject({
    name: "InvalidRequest",
  });
});

test("parts must be there, as they were sent, in order, and large enough", async () => {
  const door = await doorWithBucket();
  const UploadId = await begin(door);
  const small = await part(door, UploadId, 1, "small");
  const last = await part(door, UploadId, 2, "last");
  await expect(complete(door, UploadId, [small, last])).rejects.toMatchObject({ name: "EntityTooSmall" });
  await expect(complete(door, UploadId, [last, small])).rejects.toMatchObject({ name: "InvalidPartOrder" });
  await expect(complete(door, UploadId, [{ ...small, ETag: '"other"' }])).rejects.toMatchObject({
    name: "InvalidPart",
  });
  await expect(complete(door, UploadId, [{ ...small, PartNumber: 3 }])).rejects.toMatchObject({ name: "InvalidPart" });
  await expect(complete(door, UploadId, [])).rejects.toMatchObject({ name: "MalformedXML" });
  await expect(part(door, UploadId, 0, "x")).rejects.toMatchObject({ name: "InvalidArgument" });
  await expect(part(door, UploadId, 10_001, "x")).rejects.toMatchObject({ name: "InvalidArgument" });
  await expect(part(door, "0".repeat(32), 1, "x")).rejects.toMatchObject({ name: "NoSuchUpload" });
  await expect(part(door, "../../x", 1, "x")).rejects.toMatchObject({ name: "NoSuchUpload" });
  const broken = await door.raw({
    method: "POST",
    path: `/${Bucket}/${encodeURI(Key)}?uploadId=${UploadId}`,
    body: "<a><b></a>",
  });
  expect(broken).toMatchObject({ status: 400, code: "MalformedXML" });
  expect(await complete(door, UploadId, [last])).toMatchObject({ ETag: expect.stringMatching(/-1"$/) });
});

test("a part can be copied from an object, whole or in part", async () => {
  const door = await doorWithBucket();
  const source = bytesOf(6 * MIB);
  await door.client.send(new PutObjectCommand({ Bucket, Key: "source", Body: source }));
  const UploadId = await begin(door);
  const copy = async (PartNumber: number, CopySourceRange?: string): Promise<CompletedPart> => {
    const { CopyPartResult } = await door.client.send(
      new UploadPartCopyCommand({ Bucket, Key, UploadId, PartNumber, CopySource: `${Bucket}/source`, CopySourceRange }),
    );
    return { PartNumber, ETag: CopyPartResult?.ETag, ChecksumCRC32: CopyPartResult?.ChecksumCRC32 };
  };
  const parts = [await copy(1), await copy(2, "bytes=10-19")];
  await expect(copy(3, `bytes=0-${source.length}`)).rejects.toMatchObject({ name: "InvalidArgument" });
  await complete(door, UploadId, parts);
  const { Body } = await door.client.send(new GetObjectCommand({ Bucket, Key }));
  const body = Buffer.from(await Body!.transformToByteArray());
  expect(body.equals(Buffer.concat([source, source.subarray(10, 20)]))).toBe(true);
});

test("uploads under way are listed, and gone when they are given up", async () => {
  const door = await doorWithBucket();
  const keys = ["a/1", "a/2", "b", "c"];
  const ids = new Map<string, string>();
  for (const key of keys) ids.set(key, await begin(door, { Key: key }));
  const list = (more: object = {}) => door.client.send(new ListMultipartUploadsCommand({ Bucket, ...more }));
  expect((await list()).Uploads?.map((upload) => upload.Key)).toEqual(keys);
  const folded = await list({ Delimiter: "/" });
  expect(folded.Uploads?.map((upload) => upload.Key)).toEqual(["b", "c"]);
  expect(folded.CommonPrefixes).toEqual([{ Prefix: "a/" }]);
  const first = await list({ MaxUploads: 2 });
  expect(first).toMatchObject({ IsTruncated: true, NextKeyMarker: "a/2", NextUploadIdMarker: ids.get("a/2") });
  const second = await list({ KeyMarker: first.NextKeyMarker, UploadIdMarker: first.NextUploadIdMarker });
  expect(second.Uploads?.map((upload) => upload.Key)).toEqual(["b", "c"]);
  const abort = new AbortMultipartUploadCommand({ Bucket, Key: "b", UploadId: ids.get("b") });
  await door.client.send(abort);
  await expect(door.client.send(abort)).rejects.toMatchObject({ name: "NoSuchUpload" });
  expect((await list()).Uploads?.map((upload) => upload.Key)).toEqual(["a/1", "a/2", "c"]);
});
