import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import {
  type PenstockProcess,
  type PenstockOptions as ProcessOptions,
  startPenstock as startProcess,
} from "../../src/bench/support/penstock-process.js";

export type { PenstockProcess };

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface PenstockOptions extends Omit<ProcessOptions, "environment"> {
  /** Beside this process's own. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** `penstock up` as a user runs it: a process of its own, of the built program, on free ports. */
export function startPenstock({ environment, ...options }: PenstockOptions): Promise<PenstockProcess> {
  return startProcess({ ...options, environment: { ...process.env, ...environment } });
}

/** Another command of the built program, to its end. */
export function runPenstock(
  ...args: readonly string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ["dist/cli/main.js", ...args], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}
