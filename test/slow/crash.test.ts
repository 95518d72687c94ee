import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { seededRandom } from "../simulation/random.js";
import { freshSeed, loadSeconds } from "../simulation/seeds.js";
import { expectEachKeyOnce, expectEachOnce, expectEachThere } from "../support/each-once.js";
import { type PenstockProcess, startPenstock } from "../support/penstock-process.js";
import { type PutClient, startPutClient } from "../support/put-client.js";
import { callKinesis } from "../support/raw-connection.js";

const seconds = loadSeconds(70);

const definition = fileURLToPath(new URL("definitions/crash.ts", import.meta.url));

test(
  "killed at random moments under load, again and again, it keeps every acked record exactly once",
  async () => {
    const seed = freshSeed();
    console.log(`crash test: PENSTOCK_SEED=${seed} draws the same moments (the machine's timing is its own)`);
    const random = seededRandom(seed);
    const data = await mkdtemp(join(tmpdir(), "penstock-crash-"));
    onTestFinished(() => rm(data, { recursive: true, force: true }));

    let instance: PenstockProcess | undefined;
    let nextId = 1;
    const submitted = {
      events: new Set<number>(),
      lines: new Set<number>(),
      keyed: new Set<number>(),
      direct: new Set<number>(),
    };
    // So that the rows of a long run can still be looked at one by one.
    const pauseMs = Math.max(0, (seconds - 120) / 2);
    const client = (stream: keyof typeof submitted, recordOf: (id: number) => string): PutClient =>
      startPutClient({
        stream,
        recordOf,
        firehose: stream === "direct",
        port: () => (instance === undefined ? undefined : Number(instance.aws.port)),
        nextId: () => {
          submitted[stream].add(nextId);
          return nextId++;
        },
        batchSize: () => random.pick([1, 20, 200, 500]),
        pauseMs: () => random.pick([0, 5, 50]) + pauseMs,
      });
    const filling = (id: number) => "x".repeat((id * 7) % 900);
    const clients = [
      ...Array.from({ length: 3 }, () =>
        client("events", (id) => JSON.stringify({ id, parity: id % 2 === 0 ? "even" : "odd", filling: filling(id) })),
      ),
      client("lines", (id) => `${id},${filling(id)}`),
      client("keyed", (id) => JSON.stringify({ id, key: keyOf(id) })),
      client("direct", (id) => JSON.stringify({ id, filling: filling(id) })),
    ];

    let reshards = 0;
    /** Splits and merges under load; it may be refused while the one before is under way, or never be answered. */
    const reshard = async (life: PenstockProcess, signal: AbortSignal) => {
      while (!signal.aborted) {
        const count = random.between(1, 7);
        const input = { StreamName: "events", TargetShardCount: count, ScalingType: "UNIFORM_SCALING" };
        await callKinesis(Number(life.aws.port), "UpdateShardCount", input)
          .then(() => reshards++)
          .catch(() => undefined);
        await sleep(random.between(200, 1500), signal);
      }
    };

    const endMs = performance.now() + seconds * 1000;
    let kills = 0;
    while (performance.now() < endMs) {
      // Now and then while it is still starting, when it repairs what the last kill left.
      const killAfterMs = random.chance(0.2) ? random.between(50, 900) : undefined;
      try {
        instance = await startPenstock({ definition, data, ...(killAfterMs === undefined ? {} : { killAfterMs }) });
      } catch (error) {
        if (killAfterMs === undefined) throw error;
        kills++;
        continue;
      }
      const ended = new AbortController();
      void reshard(instance, ended.signal);
      await Promise.race([sleep(random.between(100, 3500), ended.signal), instance.exited]);
      ended.abort();
      const dying = instance;
      instance = undefined;
      expect(await Promise.race([dying.exited, Promise.resolve("alive")]), dying.log()).toBe("alive");
      await dying.kill();
      kills++;
    }

    instance = await startPenstock({ definition, data });
    await Promise.all(clients.map((one) => one.finish()));
    await instance.flush();
    const audit = await instance.audit();
    const acked = clients.flatMap((one) => one.acked);
    console.log(
      `crash test: ${kills} kills, ${reshards} changes of the shard count, ${acked.length} records acked, ${nextId - 1} submitted`,
    );
    expect(clients.flatMap((one) => one.surprises)).toEqual([]);
    expect(kills).toBeGreaterThan(seconds / 15);
    expect(audit).toMatchObject({ ok: true, lost: 0, duplicated: 0, findings: [] });

    expect(reshards).toBeGreaterThan(0);

    const events = acked.filter(({ stream }) => stream === "events");
    await expectEachOnce(instance, "events", events, submitted.events);
    await expectEachOnce(
      instance,
      "odd_events",
      events.filter(({ id }) => id % 2 === 1),
      submitted.events,
    );
    await expectEachOnce(
      instance,
      "lines",
      acked.filter(({ stream }) => stream === "lines"),
      submitted.lines,
    );
    await expectEachOnce(instance, "parted_events", events, submitted.events);
    const keyed = acked.filter(({ stream }) => stream === "keyed");
    await expectEachKeyOnce(instance, "newest", keyed, keyOf, submitted.keyed);
    await expectEachKeyOnce(instance, "oldest", keyed, keyOf, submitted.keyed);
    const direct = clients.at(-1)!;
    await expectEachThere(instance, "direct", direct.acked, direct.sent);
    expect(await instance.stop(), instance.log()).toBe(0);
    // Behind the load everything that was acked is looked at, a row at a time.
  },
  (seconds + 600) * 1000,
);

/** Few enough that most records lose to another. */
const keyOf = (id: number) => id % 997;

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => clearTimeout(timer));
  });
}
