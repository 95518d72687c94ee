import { describe, expect, test } from "vitest";
import { simClock } from "./sim-clock.js";

describe("the simulated clock", () => {
  test("stands still until it is advanced, and wakes sleepers in order of their hour", async () => {
    const clock = simClock(1000);
    const woken: [string, number][] = [];
    const sleep = (name: string, ms: number) => clock.sleep(ms).then(() => woken.push([name, clock.now()]));
    const all = [sleep("late", 30), sleep("early", 10), sleep("also early", 10)];
    clock.advance(9);
    await Promise.resolve();
    expect(woken).toEqual([]);
    clock.advance(1);
    await Promise.all(all.slice(1));
    expect(woken.map(([name]) => name)).toEqual(["early", "also early"]);
    expect(clock.wakeNext()).toBe(true);
    await all[0];
    expect(clock.monotonic()).toBe(30);
    expect(clock.now()).toBe(1030);
    expect(clock.wakeNext()).toBe(false);
  });

  test("a jump moves the wall clock alone, to either side", async () => {
    const clock = simClock(1000);
    let woken = false;
    const sleep = clock.sleep(50).then(() => (woken = true));
    clock.jump(1_000_000);
    clock.jump(-2_000_000);
    await Promise.resolve();
    expect(woken).toBe(false);
    expect(clock.now()).toBe(-999_000);
    expect(clock.monotonic()).toBe(0);
    clock.advance(50);
    await sleep;
    expect(woken).toBe(true);
  });

  test("an aborted sleep ends with the signal's reason and is forgotten", async () => {
    const clock = simClock();
    const abort = new AbortController();
    const sleep = clock.sleep(50, abort.signal);
    abort.abort(new Error("enough"));
    await expect(sleep).rejects.toThrow("enough");
    expect(clock.sleepers).toBe(0);
    await expect(clock.sleep(50, abort.signal)).rejects.toThrow("enough");
  });
});
