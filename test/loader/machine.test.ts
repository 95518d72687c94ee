import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Batch,
  type BatchEvent,
  HALVE_AFTER_ATTEMPTS,
  halvesOf,
  nextBatch,
  planBatch,
  waitMs,
} from "../../src/loader/machine.js";

const KEYS = ["a", "b", "c", "d", "e", "f", "g"];

/** How one load attempt fares in the model world. `late` commits, and says it does not know. */
type Fate = "well" | "late" | "lost" | "hindered" | "ledger-lost";

interface World {
  readonly loads: Map<string, number>;
  readonly quarantined: Set<string>;
  readonly unreadLedger: Set<string>;
}

describe("the load of a batch", () => {
  it("loads every good object once and quarantines every bad one, whatever goes wrong in between", () => {
    fc.assert(
      fc.property(
        fc.subarray(KEYS, { minLength: 1 }),
        fc.subarray(KEYS),
        fc.array(fc.constantFrom<Fate>("well", "late", "lost", "hindered", "ledger-lost"), { maxLength: 40 }),
        (keys, bad, fates) => {
          const world: World = { loads: new Map(), quarantined: new Set(), unreadLedger: new Set() };
          const queue = [planBatch(keys)];
          let next = 0;
          const fate = () => fates[next++] ?? "well";
          for (let steps = 0; queue.length > 0; steps++) {
            if (steps > 5000) throw new Error("it does not come to an end");
            const batch = queue.shift() as Batch;
            if (batch.state === "done") continue;
            const after = nextBatch(batch, perform(world, batch, bad, fate, queue));
            queue.unshift(after);
          }
          for (const key of keys) {
            if (bad.includes(key)) expect(world.quarantined.has(key)).toBe(true);
            expect(world.loads.get(key) ?? 0).toBe(bad.includes(key) ? 0 : 1);
          }
          for (const key of world.quarantined) expect(bad).toContain(key);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("is not copied a second time after an unknown outcome before the ledger was read", () => {
    const event = fc.constantFrom<BatchEvent>(
      { kind: "begun" },
      { kind: "reported", keys: ["a"] },
      { kind: "verified" },
      { kind: "refused", reason: "r" },
      { kind: "hindered", reason: "h" },
      { kind: "unknown", reason: "u" },
      { kind: "ledger", keys: ["b"] },
      { kind: "failed", reason: "f" },
      { kind: "waited" },
      { kind: "divided" },
      { kind: "quarantined" },
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let batch = planBatch(["a", "b", "c"]);
        let doubtful = false;
        for (const given of events) {
          const before = batch.state;
          batch = nextBatch(batch, given);
          if (before === "copy" && given.kind === "unknown") doubtful = true;
          if (before === "resolve" && given.kind === "ledger") doubtful = false;
          if (doubtful) expect(batch.state).not.toBe("copy");
        }
      }),
    );
  });

  it("forgets no key: they leave by a report, the ledger, a division or the quarantine alone", () => {
    const kinds: BatchEvent[] = [
      { kind: "begun" },
      { kind: "verified" },
      { kind: "refused", reason: "" },
      { kind: "hindered", reason: "" },
      { kind: "unknown", reason: "" },
      { kind: "failed", reason: "" },
      { kind: "waited" },
      { kind: "fatal", reason: "" },
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...kinds), { maxLength: 30 }), (events) => {
        expect(events.reduce(nextBatch, planBatch(["a", "b"])).keys).toEqual(["a", "b"]);
      }),
    );
  });

  it("is halved when its outcome was unknown again and again", () => {
    let batch = nextBatch(planBatch(["a", "b", "c"]), { kind: "begun" });
    for (let attempt = 1; attempt < HALVE_AFTER_ATTEMPTS; attempt++) {
      batch = nextBatch(nextBatch(batch, { kind: "unknown", reason: "memory" }), { kind: "ledger", keys: [] });
      expect(batch.state).toBe("retry");
      batch = nextBatch(batch, { kind: "waited" });
    }
    batch = nextBatch(nextBatch(batch, { kind: "unknown", reason: "memory" }), { kind: "ledger", keys: [] });
    expect(batch.state).toBe("bisect");
    expect(halvesOf(batch).map(({ keys }) => keys)).toEqual([["a", "b"], ["c"]]);
  });

  it("waits longer with each failure, up to the bound, and never as long as its neighbour by design", () => {
    const backoff = { firstMs: 100, maxMs: 1000 };
    expect([1, 2, 3, 4, 5, 50].map((attempt) => waitMs(backoff, attempt, () => 1))).toEqual([
      100, 200, 400, 800, 1000, 1000,
    ]);
    expect(waitMs(backoff, 1, () => 0)).toBe(50);
  });
});

function perform(world: World, batch: Batch, bad: readonly string[], fate: () => Fate, queue: Batch[]): BatchEvent {
  switch (batch.state) {
    case "plan":
      return { kind: "begun" };
    case "copy": {
      const now = fate();
      if (now === "hindered") return { kind: "hindered", reason: "hindered" };
      if (now === "lost") return { kind: "unknown", reason: "lost" };
      if (batch.keys.some((key) => bad.includes(key))) return { kind: "refused", reason: "bad" };
      // As the driver does: what the ledger has is left out.
      for (const key of batch.keys) if (!world.loads.has(key)) world.loads.set(key, 1);
      return now === "late" ? { kind: "unknown", reason: "late" } : { kind: "reported", keys: batch.keys };
    }
    case "verify":
      return { kind: "verified" };
    case "resolve":
      if (fate() === "ledger-lost") return { kind: "failed", reason: "lost" };
      return { kind: "ledger", keys: batch.keys.filter((key) => world.loads.has(key)) };
    case "retry":
      return { kind: "waited" };
    case "bisect":
      queue.unshift(...halvesOf(batch));
      return { kind: "divided" };
    case "quarantine":
      if (fate() === "ledger-lost") return { kind: "failed", reason: "lost" };
      world.quarantined.add(batch.keys[0] as string);
      return { kind: "quarantined" };
    default:
      throw new Error(`nothing to do in ${batch.state}`);
  }
}
