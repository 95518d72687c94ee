import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { nodeDisk } from "../../src/disk/node-disk.js";
import { lakeBucketName } from "../../src/lake/bucket-name.js";
import type { Bucket } from "../../src/lake/buckets.js";
import { openFsObjectStore } from "../../src/lake/fs.js";
import { type FsBuckets, openFsBuckets } from "../../src/lake/fs-buckets.js";
import { compareKeys } from "../../src/lake/key.js";
import { temporaryDirectory } from "../stream/fixtures.js";

const disk = nodeDisk();

async function open(root: string): Promise<FsBuckets> {
  const store = await openFsObjectStore({
    disk,
    directory: join(root, "lake"),
    stagingDirectory: join(root, "s", "lake"),
  });
  return openFsBuckets({
    disk,
    directory: join(root, "buckets"),
    stagingDirectory: join(root, "s", "buckets"),
    lake: { name: "p-lake", store, owned: [{ prefix: "tables/t/", of: "table t" }] },
    now: Date.now,
    onError: (error) => {
      throw error;
    },
  });
}

async function textOf(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

const STRANGE = [
  "a",
  "a/",
  "a//",
  "a/b",
  "a.b",
  "a/b/c",
  "A",
  "/",
  "//",
  "/a",
  "..",
  "../x",
  "./x",
  "a/../b",
  "\0",
  "a\nb",
  "é",
  "e\u0301",
  "\u{1f600}",
  "\uffee",
  "%41",
  "a~",
  "a+",
  "k".repeat(80),
  `${"k".repeat(80)}/x`,
  `${"k".repeat(80)}!`,
  "k".repeat(1024),
  `${"ä".repeat(255)}/${"b".repeat(300)}.parquet`,
];

test("keys of every form are kept apart, listed in the order of their bytes, and outlive the process", async () => {
  const root = await temporaryDirectory();
  const buckets = await open(root);
  const bucket = await buckets.create("own");
  for (const key of STRANGE) await bucket.put(key, Buffer.from(`at ${key}`));
  await buckets.close();
  const again = (await open(root)).bucket("own")!;
  const sorted = [...STRANGE].sort(compareKeys);
  expect((await again.list("")).map(({ key }) => key)).toEqual(sorted);
  for (const key of STRANGE) {
    expect(await textOf(await again.get(key)), key).toBe(`at ${key}`);
    expect(await readFile((await again.localPath(key))!, "utf8")).toBe(`at ${key}`);
  }
  for (const key of STRANGE) await again.delete(key);
  expect(await again.list("")).toEqual([]);
  expect(await filesBelow(join(root, "buckets", "own"))).toEqual(["bucket.json"]);
});

test("a listing by prefix and position is what a sorted list of the keys says", async () => {
  const root = await temporaryDirectory();
  const bucket = await (await open(root)).create("own");
  for (const key of STRANGE) await bucket.put(key, Buffer.from("x"));
  const sorted = [...STRANGE].sort(compareKeys);
  const start = fc.oneof(
    fc.constantFrom(...STRANGE),
    fc.tuple(fc.constantFrom(...STRANGE), fc.nat(90)).map(([key, length]) => Array.from(key).slice(0, length).join("")),
    fc.constantFrom("a!", "k".repeat(79), "k".repeat(81), "zz", `${"k".repeat(80)}/`),
  );
  await fc.assert(
    fc.asyncProperty(
      start,
      fc.option(start),
      fc.option(start),
      fc.integer({ min: 1, max: 40 }),
      async (prefix, after, afterPrefix, limit) => {
        const expected = sorted
          .filter((key) => key.startsWith(prefix))
          .filter((key) => after === null || compareKeys(key, after) > 0)
          .filter((key) => afterPrefix === null || (compareKeys(key, afterPrefix) > 0 && !key.startsWith(afterPrefix)))
          .slice(0, limit);
        const found = await bucket.list(prefix, {
          limit,
          ...(after === null ? {} : { after }),
          ...(afterPrefix === null ? {} : { afterPrefix }),
        });
        expect(found.map(({ key }) => key)).toEqual(expected);
      },
    ),
    { numRuns: 60 },
  );
});

test("a local path ends as the key does, and holds no wildcard", async () => {
  const root = await temporaryDirectory();
  const buckets = await open(root);
  const bucket = await buckets.create("own");
  const path = async (key: string) => {
    await bucket.put(key, Buffer.from("x"));
    return (await bucket.localPath(key))!.slice(root.length);
  };
  expect(await path("x=1/*?[a].CSV.gz")).toMatch(/^[a-z0-9/.-]+\.csv\.gz$/);
  expect(await path("data.parquet")).toMatch(/\.parquet$/);
  expect(await path("no ending")).toMatch(/^[a-z0-9/-]+$/);
  expect(await bucket.localPath("absent")).toBeUndefined();
  const lake = buckets.bucket("p-lake")!;
  expect(await lake.localPath("tables/t/none")).toBeUndefined();
});

test("what a refused write brought is gone, and what was there stays", async () => {
  const root = await temporaryDirectory();
  const bucket = await (await open(root)).create("own");
  await bucket.put("k", Buffer.from("old"));
  const refuse = () => {
    throw new Error("refused");
  };
  await expect(bucket.put("k", Buffer.from("new"), { verify: refuse })).rejects.toThrow("refused");
  await expect(bucket.put("k", Buffer.from("new"), { replaces: refuse })).rejects.toThrow("refused");
  const broken = (async function* () {
    yield Buffer.from("ne");
    throw new Error("cut off");
  })();
  await expect(bucket.put("k", broken)).rejects.toThrow("cut off");
  expect(await textOf(await bucket.get("k"))).toBe("old");
  expect(await filesBelow(join(root, "s"))).toEqual([]);
  expect(await filesBelow(join(root, "buckets", "own", "contents"))).toHaveLength(1);
});

test("a finished file is moved in, into a user's bucket and into the lake's", async () => {
  const root = await temporaryDirectory();
  const buckets = await open(root);
  const adopt = async (bucket: Bucket, key: string) => {
    const path = join(root, "finished.csv");
    await writeFile(path, "1,2\n");
    const object = await bucket.adopt(path, key, { attributes: { contentType: "text/csv" }, checksum: "CRC32" });
    expect(existsSync(path)).toBe(false);
    return object;
  };
  const object = await adopt(await buckets.create("own"), "out/0000_part_00.csv");
  expect(object).toMatchObject({
    sizeBytes: 4,
    etag: createHash("md5").update("1,2\n").digest("hex"),
    attributes: { contentType: "text/csv" },
    checksum: { algorithm: "CRC32", type: "FULL_OBJECT" },
  });
  const lake = buckets.bucket("p-lake")!;
  await adopt(lake, "unloaded/0000_part_00.csv");
  expect(await textOf(await lake.get("unloaded/0000_part_00.csv"))).toBe("1,2\n");
  await writeFile(join(root, "mine"), "x");
  await expect(lake.adopt(join(root, "mine"), "tables/t/x")).rejects.toMatchObject({ code: "refused" });
});

test("after a crash, contents that no object has are cleared away, and no others", async () => {
  const root = await temporaryDirectory();
  const crashed = await open(root);
  const bucket = await crashed.create("own");
  await bucket.put("kept", Buffer.from("kept"));
  const contents = join(root, "buckets", "own", "contents");
  await mkdir(join(contents, "zz"), { recursive: true });
  await writeFile(join(contents, "zz", "0123456789ab-0000zz"), "left over");
  // The buckets of the crashed process are never closed.
  const next = await open(root);
  await next.bucket("own")!.put("new", Buffer.from("new"));
  await next.close();
  expect(await filesBelow(contents)).toHaveLength(2);
  expect(existsSync(join(contents, "zz", "0123456789ab-0000zz"))).toBe(false);
  expect(await textOf(await next.bucket("own")!.get("kept"))).toBe("kept");
});

test("a bucket that is deleted takes no more writes, and its name is free again", async () => {
  const root = await temporaryDirectory();
  const buckets = await open(root);
  const bucket = await buckets.create("own");
  const upload = await bucket.uploads.create("k", { attributes: {} });
  await buckets.delete("own");
  await expect(bucket.put("k", Buffer.from("x"))).rejects.toMatchObject({ code: "not-found" });
  const next = await buckets.create("own");
  expect(await next.uploads.find("k", upload.id)).toBeUndefined();
  await next.put("k", Buffer.from("x"));
  await expect(buckets.delete("own")).rejects.toMatchObject({ code: "refused" });
  await next.put("k2", Buffer.from("still writable"));
  await expect(buckets.delete("p-lake")).rejects.toMatchObject({ code: "refused" });
});

test("the lake's bucket is called after the pipeline", () => {
  expect(lakeBucketName("market")).toBe("market-lake");
  expect(lakeBucketName("a--b-")).toBe("a-b-lake");
  expect(lakeBucketName(`p${"x".repeat(62)}`)).toHaveLength(63);
});
