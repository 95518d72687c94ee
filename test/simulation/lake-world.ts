/** The lake's folder on a disk that crashes: an object that was answered for is there, whole; one that was not is whole or absent. */
import { openFsObjectStore } from "../../src/lake/fs.js";
import type { ObjectStore } from "../../src/lake/object-store.js";
import { must } from "./must.js";
import { type Random, seededRandom } from "./random.js";
import { type SimDisk, simDisk } from "./sim-disk.js";

const LAKE = "/data/lake";
const STAGING = "/data/staging";

interface World {
  readonly random: Random;
  /** By key: what it must hold, and, while a call is under way, what else it may hold. */
  readonly objects: Map<string, { certain: string | undefined; readonly possible: Set<string | undefined> }>;
  next: number;
}

export async function simulateLake(seed: number, lives: number): Promise<void> {
  const random = seededRandom(seed);
  const world: World = { random, objects: new Map(), next: 1 };
  let disk = simDisk({ random: random.fork() });
  await disk.makeDirectory("/data");
  await disk.syncDirectory("/");
  for (let life = 0; life < lives; life++) {
    disk.powerCutAt(random.between(1, 80));
    await Promise.race([live(world, disk), disk.dead]);
    if (random.chance(0.4)) disk.kill();
    else disk.powerCut();
    disk = disk.boot();
  }
  await verify(world, await open(disk), disk);
}

function open(disk: SimDisk): Promise<ObjectStore> {
  return openFsObjectStore({ disk, directory: LAKE, stagingDirectory: STAGING });
}

async function live(world: World, disk: SimDisk): Promise<void> {
  const { random } = world;
  await disk.removeAll(STAGING);
  const store = await open(disk);
  await verify(world, store, disk);
  const workers = Array.from({ length: random.between(1, 3) }, async (_, worker) => {
    for (let step = random.between(1, 12); step > 0; step--) {
      const folder = random.pick(["", "t/", "t/2026/01/", "t/2026/02/", "u/day=1/"]);
      const key = `${folder}${worker}-${random.between(1, 4)}`;
      if (random.chance(0.15)) await remove(world, store, key);
      else await write(world, store, disk, key);
    }
  });
  await Promise.all(workers);
}

async function write(world: World, store: ObjectStore, disk: SimDisk, key: string): Promise<void> {
  const { random } = world;
  const content = `${world.next++}:${"x".repeat(random.pick([0, 10, 600, 9000]))}`;
  const truth = truthOf(world, key);
  truth.possible.add(content);
  if (random.chance(0.5)) {
    await store.put(key, Buffer.from(content));
  } else {
    const path = `${STAGING}/file-${world.next++}`;
    const file = await disk.open(path, "write");
    await file.write([Buffer.from(content)]);
    await file.sync();
    await file.close();
    const info = await store.adopt(path, key);
    must(info.key === key && info.sizeBytes === content.length, `adopt answered ${JSON.stringify(info)} for ${key}`);
  }
  settle(truth, content);
}

async function remove(world: World, store: ObjectStore, key: string): Promise<void> {
  const truth = truthOf(world, key);
  truth.possible.add(undefined);
  await store.delete(key);
  settle(truth, undefined);
}

function truthOf(world: World, key: string) {
  let truth = world.objects.get(key);
  if (truth === undefined) {
    truth = { certain: undefined, possible: new Set() };
    world.objects.set(key, truth);
  }
  return truth;
}

function settle(
  truth: { certain: string | undefined; readonly possible: Set<string | undefined> },
  content: string | undefined,
) {
  truth.certain = content;
  truth.possible.clear();
}

async function verify(world: World, store: ObjectStore, disk: SimDisk): Promise<void> {
  const listed = new Map((await store.list("")).map((info) => [info.key, info]));
  for (const [key, truth] of world.objects) {
    const info = await store.head(key);
    const found = info === undefined ? undefined : (await disk.readFile(store.localPath(key)!)).toString();
    must(
      found === truth.certain || truth.possible.has(found),
      `the object ${key} holds ${short(found)}, and was answered to hold ${short(truth.certain)}`,
    );
    must(listed.get(key)?.sizeBytes === info?.sizeBytes, `the list and the object ${key} do not agree`);
    listed.delete(key);
    if (found === truth.certain) continue;
    // What happened to a call that was cut off is known only once it is done again.
    truth.possible.add(truth.certain);
    truth.certain = found;
  }
  must(listed.size === 0, `the lake lists objects that were never written: ${[...listed.keys()].join(", ")}`);
}

const short = (text: string | undefined) => (text === undefined ? "nothing" : JSON.stringify(text.slice(0, 40)));
