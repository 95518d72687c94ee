/**
 * The built program on a disk that fails: between it and the C library lies native/faulty-disk.c, which answers EIO or ENOSPC while a test
 * says so. (The simulation tries every operation of our own; this tries the program as it is shipped, DuckDB's files too.)
 */
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { expectEachOnce } from "../support/each-once.js";
import { type PenstockProcess, startPenstock } from "../support/penstock-process.js";
import { type PutClient, startPutClient } from "../support/put-client.js";

const definition = fileURLToPath(new URL("definitions/crash.ts", import.meta.url));
const source = fileURLToPath(new URL("native/faulty-disk.c", import.meta.url));

let library: string | undefined;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), "penstock-faulty-"));
  library = join(folder, "faulty-disk.so");
  try {
    execFileSync("cc", ["-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], { stdio: "pipe" });
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOENT") throw error;
    library = undefined;
  }
  return () => rm(folder, { recursive: true, force: true });
});

interface World {
  start(): Promise<PenstockProcess>;
  fail(fault: string): Promise<void>;
  mend(fault: string): Promise<void>;
  client(port: () => number | undefined): PutClient;
  readonly submitted: ReadonlySet<number>;
}

async function openWorld(): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), "penstock-disk-faults-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const data = join(folder, "data");
  const faults = join(folder, "faults");
  await mkdir(faults);
  const submitted = new Set<number>();
  return {
    start: () =>
      startPenstock({
        definition,
        data,
        environment: { LD_PRELOAD: library!, PENSTOCK_FAULTS: faults, PENSTOCK_FAULTY_DATA: data },
      }),
    fail: (fault) => writeFile(join(faults, fault), ""),
    mend: (fault) => rm(join(faults, fault)),
    client: (port) =>
      startPutClient({
        stream: "events",
        port,
        recordOf: (id) => JSON.stringify({ id, parity: id % 2 === 0 ? "even" : "odd" }),
        nextId: () => {
          const id = submitted.size + 1;
          submitted.add(id);
          return id;
        },
        batchSize: () => 20,
        pauseMs: () => 5,
      }),
    submitted,
  };
}

test("a failed sync of the journal ends the process with a message, and every record acked before it is there once", async (context) => {
  context.skip(library === undefined, "Not run: there is no C compiler.");
  const world = await openWorld();
  let instance: PenstockProcess | undefined = await world.start();
  const client = world.client(() => (instance === undefined ? undefined : Number(instance.aws.port)));
  await until(() => client.acked.length > 200);

  const failing = instance;
  await world.fail("sync-.segment");
  const code = await failing.exited;
  instance = undefined;
  const ackedBefore = client.acked.length;
  expect(code).not.toBe(0);
  expect(failing.log()).toMatch(/could not be synced|sync/i);
  expect(failing.log()).toContain("EIO");

  await world.mend("sync-.segment");
  instance = await world.start();
  await until(() => client.acked.length > ackedBefore + 200);
  await finish(world, instance, client);
});

test("a full disk refuses records or ends the process, and loses and doubles nothing once there is space again", async (context) => {
  context.skip(library === undefined, "Not run: there is no C compiler.");
  const world = await openWorld();
  let instance: PenstockProcess | undefined = await world.start();
  const client = world.client(() => (instance === undefined ? undefined : Number(instance.aws.port)));
  for (let round = 0; round < 5; round++) {
    const before = client.acked.length;
    await until(() => client.acked.length > before + 200);
    await world.fail("space");
    await until(() => client.surprises.length > round, instance);
    await world.mend("space");
    // Whoever met it in the middle of a write that cannot be taken back ends, and says so.
    const ended = await Promise.race([instance.exited, sleep(1000)]);
    if (ended === undefined) continue;
    expect(instance.log()).toMatch(/no space left|ENOSPC/i);
    instance = undefined;
    instance = await world.start();
  }
  expect(client.surprises.every((text) => /^50[03]: /.test(text))).toBe(true);
  await finish(world, instance, client);
});

async function finish(world: World, instance: PenstockProcess, client: PutClient): Promise<void> {
  await client.finish();
  await instance.flush();
  expect(await instance.audit()).toMatchObject({ ok: true, lost: 0, duplicated: 0, findings: [] });
  await expectEachOnce(instance, "events", client.acked, world.submitted);
  expect(await instance.stop(), instance.log()).toBe(0);
}

/** Until it holds, or the process has ended. */
async function until(holds: () => boolean, instance?: PenstockProcess): Promise<void> {
  let ended = false;
  void instance?.exited.then(() => {
    ended = true;
  });
  while (!holds() && !ended) await sleep(20);
}

function sleep(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms));
}
