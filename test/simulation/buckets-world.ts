/**
 * Buckets on a disk that crashes: an object that was answered for is there, whole, with its own attributes; one that was not is as before or as
 * meant. What crashes left behind is gone in the end.
 */
import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import type { Bucket } from "../../src/lake/buckets.js";
import { type FsBuckets, openFsBuckets } from "../../src/lake/fs-buckets.js";
import { memoryObjectStore } from "../../src/lake/memory.js";
import { must } from "./must.js";
import { type Random, seededRandom } from "./random.js";
import { simClock } from "./sim-clock.js";
import { type SimDisk, simDisk } from "./sim-disk.js";

const BUCKETS = "/data/buckets";
const NAME = "own";
const KEYS = ["a", "a/", "a/b", "A", "b//c", "../x", "k".repeat(200)];

interface Truth {
  certain: string | undefined;
  readonly possible: Set<string | undefined>;
}

interface World {
  readonly random: Random;
  readonly objects: ReadonlyMap<string, Truth>;
  next: number;
}

export async function simulateBuckets(seed: number, lives: number): Promise<void> {
  const random = seededRandom(seed);
  const objects = new Map(KEYS.map((key) => [key, { certain: undefined, possible: new Set<string | undefined>() }]));
  const world: World = { random, objects, next: 1 };
  let disk = simDisk({ random: random.fork() });
  await disk.makeDirectory("/data");
  await disk.syncDirectory("/");
  const made = await open(disk);
  await made.create(NAME);
  for (let life = 0; life < lives; life++) {
    disk.powerCutAt(disk.operations + random.between(1, 120));
    await Promise.race([live(world, disk), disk.dead]);
    if (random.chance(0.4)) disk.kill();
    else disk.powerCut();
    disk = disk.boot();
  }
  const buckets = await open(disk);
  await verify(world, buckets.bucket(NAME)!);
  for (const upload of await buckets.bucket(NAME)!.uploads.list()) await buckets.bucket(NAME)!.uploads.abort(upload);
  await buckets.close();
  const count = (await buckets.bucket(NAME)!.list("")).length;
  const contents = [...disk.files().keys()].filter((path) => path.startsWith(`${BUCKETS}/${NAME}/contents/`));
  must(contents.length === count, `${contents.length} contents are left of ${count} objects: ${contents.join(", ")}`);
}

function open(disk: SimDisk): Promise<FsBuckets> {
  return openFsBuckets({
    disk,
    directory: BUCKETS,
    stagingDirectory: "/data/staging",
    lake: { name: "p-lake", store: memoryObjectStore(simClock(), disk), owned: [] },
    now: () => 1,
    onError: (error) => {
      throw error;
    },
  });
}

async function live(world: World, disk: SimDisk): Promise<void> {
  const { random } = world;
  const buckets = await open(disk);
  const bucket = buckets.bucket(NAME);
  must(bucket !== undefined, "the bucket is gone");
  await verify(world, bucket);
  // A key has one writer at a time, so that what it holds is known.
  const keys = random.shuffled(KEYS);
  const workers = [keys.slice(0, 3), keys.slice(3)].map(async (own) => {
    for (let step = random.between(1, 8); step > 0; step--) {
      const key = random.pick(own);
      const truth = world.objects.get(key)!;
      if (random.chance(0.2)) {
        truth.possible.add(undefined);
        await bucket.delete(key);
        settle(truth, undefined);
      } else {
        const content = `${world.next++}:${"x".repeat(random.pick([0, 10, 600, 9000]))}`;
        truth.possible.add(content);
        await write(random, bucket, key, content);
        settle(truth, content);
      }
    }
  });
  await Promise.all(workers);
  if (random.chance(0.3)) await buckets.close();
}

async function write(random: Random, bucket: Bucket, key: string, content: string): Promise<void> {
  const attributes = { userMetadata: { content: digestOf(content) } };
  if (random.chance(0.7)) {
    await bucket.put(key, Buffer.from(content), { attributes });
    return;
  }
  const upload = await bucket.uploads.create(key, { attributes });
  const cut = random.between(0, content.length);
  const part = (number: number, text: string) => bucket.uploads.putPart(upload, number, once(text), {});
  const parts = [await part(1, content.slice(0, cut)), await part(2, content.slice(cut))];
  await bucket.uploads.complete(upload, parts, {});
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

function settle(truth: Truth, content: string | undefined): void {
  truth.certain = content;
  truth.possible.clear();
}

async function verify(world: World, bucket: Bucket): Promise<void> {
  const listed = (await bucket.list("")).map(({ key }) => key);
  for (const [key, truth] of world.objects) {
    const object = await bucket.head(key);
    const found = object === undefined ? undefined : await textOf(await bucket.get(key));
    must(
      found === truth.certain || truth.possible.has(found),
      `${key} holds ${short(found)}, and was answered to hold ${short(truth.certain)}`,
    );
    if (found !== undefined) {
      const of = object?.attributes.userMetadata?.content;
      must(of === digestOf(found), `${key} has the attributes of another writing`);
      must(object?.sizeBytes === found.length, `${key} has ${found.length} bytes and is said to have others`);
    }
    must(listed.includes(key) === (found !== undefined), `the list and the object ${key} do not agree`);
    if (found === truth.certain) continue;
    truth.possible.add(truth.certain);
    truth.certain = found;
  }
}

async function textOf(body: Readable): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of body) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}

function digestOf(content: string): string {
  return createHash("sha256").update(content).digest("hex");
}

const short = (text: string | undefined) => (text === undefined ? "nothing" : JSON.stringify(text.slice(0, 40)));
