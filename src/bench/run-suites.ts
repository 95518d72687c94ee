/** Runs suites one after the other, each in a folder of its own. */
import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { join, resolve } from "node:path";
import { PenstockError } from "../core/errors.js";
import { killChildren } from "./support/children.js";
import type { Measured } from "./support/report.js";
import type { Suite } from "./support/suite.js";

export interface RunOptions {
  /** On the disk that is to be measured. */
  readonly folder: string;
  readonly quick: boolean;
  readonly scale?: number;
  readonly now: () => number;
  readonly say: (suite: Suite, text: string) => void;
  /** Of one suite, from 0 to 1. */
  readonly progress: (suite: Suite, share: number) => void;
  readonly done: (measured: Measured) => void;
}

const TMPFS_MAGIC = 0x01021994;

export async function runSuites(suites: readonly Suite[], options: RunOptions): Promise<Measured[]> {
  const folder = resolve(options.folder);
  if (process.platform === "linux" && statfsSync(folder).type === TMPFS_MAGIC) {
    throw new PenstockError("invalid-argument", `${folder} is in memory, where a sync to disk costs nothing.`, {
      hint: "Give a folder on a disk: --folder <dir>.",
    });
  }
  const all: Measured[] = [];
  for (const suite of suites) {
    const own = mkdtempSync(join(folder, "penstock-bench-"));
    const startedMs = options.now();
    try {
      const result = await suite.run({
        folder: own,
        quick: options.quick,
        ...(options.scale === undefined ? {} : { scale: options.scale }),
        say: (text) => options.say(suite, text),
        progress: (share) => options.progress(suite, share),
      });
      const measured: Measured = {
        suite,
        at: new Date(startedMs).toISOString(),
        tookMs: options.now() - startedMs,
        quick: options.quick,
        scale: options.scale,
        result,
      };
      all.push(measured);
      options.done(measured);
    } finally {
      killChildren();
      rmSync(own, { recursive: true, force: true });
    }
  }
  return all;
}
