import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { tracked } from "./children.js";

export interface LoadOptions {
  readonly port: number;
  readonly stream: string;
  readonly connections: number;
  /** How many to put, after a short warm-up that is not measured. */
  readonly records: number;
  readonly recordBytes: number;
  /** `few`: ten keys, over and over. `unique`: a key of its own for each record of the prepared bodies. */
  readonly keys: "few" | "unique";
  /** Put this file's lines instead, each a record, all of them. */
  readonly ndjson?: string;
}

export interface LoadResult {
  readonly records: number;
  readonly tookMs: number;
  readonly recordsPerSecond: number;
  readonly latencyMsP50: number;
  readonly latencyMsP99: number;
  /** What the load generator itself used: near `tookMs`, it is what limits the figure. */
  readonly cpuMs: number;
}

/** Puts records from another process, and answers how fast they were taken. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  return runScript<LoadResult>("load-worker.js", JSON.stringify(options));
}

/** Runs a script of this folder in a process of its own; its last line of output is the answer, as JSON. */
export function runScript<T>(script: string, ...args: string[]): Promise<T> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  tracked(child);
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => {
      if (code === 0) resolve(JSON.parse(output.trim().split("\n").at(-1)!) as T);
      else reject(new Error(`${script} ended with code ${code}.`));
    });
  });
}
