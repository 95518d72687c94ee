import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Logger } from "pino";
import { PenstockError } from "../../core/errors.js";
import { loadModule } from "../../definition/load.js";

/** A producer that comes with an example: `demo.ts` beside the definition, exporting `demo`. */
export interface Demo {
  start(surroundings: DemoSurroundings): RunningDemo;
}

export interface DemoSurroundings {
  /** Of Kinesis and Firehose. */
  readonly endpoint: string;
  /** What the user asked for; undefined leaves it to the demo. */
  readonly recordsPerSecond: number | undefined;
  readonly log: Logger;
  readonly onFailure: (error: Error) => void;
}

export interface RunningDemo {
  /** Resolves when it has stopped putting. */
  stop(): Promise<void>;
}

const DEMO_NAMES = ["demo.ts", "demo.mts", "demo.js", "demo.mjs"];
/** A demo that does not heed its signal must not keep the pipeline from stopping. */
const STOP_MS_MAX = 5000;

type DemoFunction = (options: {
  readonly endpoint: string;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly recordsPerSecond?: number;
}) => Promise<void>;

export async function loadDemo(definitionPath: string): Promise<Demo> {
  const folder = dirname(definitionPath);
  const path = DEMO_NAMES.map((name) => join(folder, name)).find((candidate) => existsSync(candidate));
  if (path === undefined) {
    throw new PenstockError("not-found", `There is no demo.ts beside the definition, in ${folder}.`, {
      hint: "Leave --demo out and put records yourself with `penstock put`.",
    });
  }
  const { demo } = (await loadModule(path)) as { demo?: unknown };
  if (typeof demo !== "function") {
    throw new PenstockError("invalid-argument", `${path} exports no function \`demo\`.`, {
      hint: "It should be `export async function demo({ endpoint, signal, log })`, and put records until the signal fires.",
    });
  }
  return { start: (surroundings) => start(demo as DemoFunction, surroundings) };
}

function start(demo: DemoFunction, { endpoint, recordsPerSecond, log, onFailure }: DemoSurroundings): RunningDemo {
  const stopping = new AbortController();
  const { signal } = stopping;
  const ended = (async () => {
    try {
      await demo({ endpoint, signal, log, ...(recordsPerSecond === undefined ? {} : { recordsPerSecond }) });
    } catch (error) {
      if (!signal.aborted) onFailure(error instanceof Error ? error : new Error(String(error)));
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      const giveUp = new Promise<void>((resolve) => setTimeout(resolve, STOP_MS_MAX).unref());
      await Promise.race([ended, giveUp]);
    },
  };
}
