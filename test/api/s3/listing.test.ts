import {
  CreateBucketCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  paginateListObjectsV2,
} from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { openS3Door, type S3Door } from "./s3-door.js";

const Bucket = "own";
const KEYS = ["a", "a b", "a.b/1", "a/1", "a/2", "a/b/1", "a/b/2", "a0", "b/1", "c", "c/", "ä/ö", "\u{1f600}"];

async function doorWith(keys: readonly string[]): Promise<S3Door> {
  const door = await openS3Door();
  await door.client.send(new CreateBucketCommand({ Bucket }));
  for (const Key of keys) await door.client.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
  return door;
}

test("all is listed in the order of the keys' bytes, page by page", async () => {
  const { client } = await doorWith(KEYS);
  const whole = await client.send(new ListObjectsV2Command({ Bucket }));
  expect(whole.Contents?.map(({ Key }) => Key)).toEqual(KEYS);
  expect(whole).toMatchObject({ KeyCount: KEYS.length, MaxKeys: 1000, IsTruncated: false, Name: Bucket });
  expect(whole.Contents?.[0]).toMatchObject({
    Size: 1,
    StorageClass: "STANDARD",
    ETag: '"0cc175b9c0f1b6a831c399e269772661"',
  });
  for (const pageSize of [1, 2, 5, KEYS.length]) {
    const found: (string | undefined)[] = [];
    let pages = 0;
    for await (const page of paginateListObjectsV2({ client, pageSize }, { Bucket })) {
      found.push(...(page.Contents ?? []).map(({ Key }) => Key));
      pages++;
    }
    expect(found).toEqual(KEYS);
    expect(pages).toBe(Math.ceil(KEYS.length / pageSize));
  }
});

test("a delimiter folds keys into common prefixes, over pages too", async () => {
  const { client } = await doorWith(KEYS);
  const root = await client.send(new ListObjectsV2Command({ Bucket, Delimiter: "/" }));
  expect(root.Contents?.map(({ Key }) => Key)).toEqual(["a", "a b", "a0", "c", "\u{1f600}"]);
  expect(root.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(["a.b/", "a/", "b/", "c/", "ä/"]);
  expect(root.KeyCount).toBe(10);
  const below = await client.send(new ListObjectsV2Command({ Bucket, Delimiter: "/", Prefix: "a/" }));
  expect(below.Contents?.map(({ Key }) => Key)).toEqual(["a/1", "a/2"]);
  expect(below.CommonPrefixes).toEqual([{ Prefix: "a/b/" }]);
  const entries: string[] = [];
  for await (const page of paginateListObjectsV2({ client, pageSize: 1 }, { Bucket, Delimiter: "/" })) {
    entries.push(
      ...(page.Contents ?? []).map(({ Key }) => Key!),
      ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix!),
    );
  }
  expect(entries).toEqual(["a", "a b", "a.b/", "a/", "a0", "b/", "c", "c/", "ä/", "\u{1f600}"]);
  const odd = await client.send(new ListObjectsV2Command({ Bucket, Delimiter: "b", Prefix: "a" }));
  expect(odd.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(["a b", "a.b", "a/b"]);
});

test("large folders are stepped over, not read", async () => {
  const keys = ["x", "y"].flatMap((folder) => Array.from({ length: 70 }, (_, index) => `${folder}/${index}`));
  const { client } = await doorWith([...keys, "z"]);
  const { CommonPrefixes, Contents } = await client.send(new ListObjectsV2Command({ Bucket, Delimiter: "/" }));
  expect(CommonPrefixes).toEqual([{ Prefix: "x/" }, { Prefix: "y/" }]);
  expect(Contents).toMatchObject([{ Key: "z" }]);
});

test("start-after, owner, encoding and the size of a page are as asked for", async () => {
  const { client } = await doorWith(KEYS);
  const after = await client.send(
    new ListObjectsV2Command({ Bucket, StartAfter: "a/b/1", MaxKeys: 2, FetchOwner: true }),
  );
  expect(after.Contents?.map(({ Key }) => Key)).toEqual(["a/b/2", "a0"]);
  expect(after).toMatchObject({ StartAfter: "a/b/1", IsTruncated: true });
  expect(after.Contents?.[0]?.Owner).toEqual({ ID: "000000000000", DisplayName: "penstock" });
  const encoded = await client.send(new ListObjectsV2Command({ Bucket, EncodingType: "url", Prefix: "ä" }));
  expect(encoded).toMatchObject({ EncodingType: "url", Prefix: "%C3%A4" });
  expect(encoded.Contents?.[0]?.Key).toBe("%C3%A4/%C3%B6");
  const none = await client.send(new ListObjectsV2Command({ Bucket, MaxKeys: 0 }));
  expect(none).toMatchObject({ KeyCount: 0, IsTruncated: false });
  expect((await client.send(new ListObjectsV2Command({ Bucket, MaxKeys: 5000 }))).MaxKeys).toBe(1000);
});

test("the first version of the listing pages by markers", async () => {
  const { client } = await doorWith(KEYS);
  const entries: string[] = [];
  let Marker: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsCommand({ Bucket, Delimiter: "/", MaxKeys: 3, ...(Marker === undefined ? {} : { Marker }) }),
    );
    entries.push(
      ...(page.Contents ?? []).map(({ Key }) => Key!),
      ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix!),
    );
    Marker = page.IsTruncated ? page.NextMarker : undefined;
  } while (Marker !== undefined);
  expect(entries.sort()).toEqual(["a", "a b", "a.b/", "a/", "a0", "b/", "c", "c/", "ä/", "\u{1f600}"].sort());
  const flat = await client.send(new ListObjectsCommand({ Bucket, MaxKeys: 2, Marker: "b/1" }));
  expect(flat.Contents?.map(({ Key }) => Key)).toEqual(["c", "c/"]);
  expect(flat.NextMarker).toBeUndefined();
});

test("nonsense in a listing's parameters is refused", async () => {
  const door = await doorWith(["a"]);
  for (const query of ["max-keys=x", "max-keys=-1", "encoding-type=xml", "continuation-token=none"]) {
    expect(await door.raw({ path: `/${Bucket}?list-type=2&${query}` })).toMatchObject({
      status: 400,
      code: "InvalidArgument",
    });
  }
});

test("a prefix is text: it leads nowhere else on the disk", async () => {
  const door = await doorWith(["a"]);
  for (const bucket of [Bucket, "market-lake"]) {
    for (const prefix of ["../", "../../", "/", "..%2F..%2F", "%00", "/etc/"]) {
      const reply = await door.raw({ path: `/${bucket}?list-type=2&prefix=${prefix}` });
      expect([reply.status, reply.text.includes("<Key>")]).toEqual([200, false]);
    }
    for (const key of ["../lake/x", "..%2f..%2fpasswd", "%2Fetc%2Fpasswd", "a%00"]) {
      expect(await door.raw({ path: `/${bucket}/${key}` })).toMatchObject({ status: 404, code: "NoSuchKey" });
    }
  }
  expect(await door.raw({ path: `/${Bucket}/%ff` })).toMatchObject({ status: 400, code: "InvalidURI" });
  expect(await door.raw({ method: "PUT", path: `/${Bucket}/${"k".repeat(1025)}`, body: "x" })).toMatchObject({
    status: 400,
    code: "KeyTooLongError",
  });
});
