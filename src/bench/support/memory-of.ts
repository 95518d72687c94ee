import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

export interface ProcessMemory {
  readonly rssBytes: number;
  /** Where the system keeps no such figure, as much as now. */
  readonly peakBytes: number;
}

/** Resident memory, now and at its highest, as Linux counts it; elsewhere as ps does. */
export function memoryOf(pid: number): ProcessMemory {
  if (process.platform === "linux") {
    const text = readFileSync(`/proc/${pid}/status`, "utf8");
    const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? Number.NaN);
    return { rssBytes: kib("VmRSS") * 1024, peakBytes: kib("VmHWM") * 1024 };
  }
  const rssBytes = Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" })) * 1024;
  return { rssBytes, peakBytes: rssBytes };
}
