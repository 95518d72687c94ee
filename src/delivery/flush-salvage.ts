/** What can still be read of a flush log that is damaged, and how a log is written whole from what was found out. */
import { join } from "node:path";
import type { Disk } from "../disk/disk.js";
import { makeDurableDirectory } from "../disk/durable-directory.js";
import type { FlushDecision, FlushResult } from "./flush.js";
import {
  addTotals,
  type DeliveryTotals,
  encodeLine,
  type Line,
  type OpenFlush,
  positionKey,
  salvageLines,
  type WrittenObject,
} from "./flush-lines.js";
import { FLUSHES_A_FILE, flushFileName } from "./flush-log.js";
import { flushFiles } from "./flush-reading.js";

/** By the flush's number: whatever whole lines say of it. */
export interface Salvage {
  readonly decisions: ReadonlyMap<number, FlushDecision>;
  readonly written: ReadonlyMap<number, readonly WrittenObject[]>;
  readonly deliveredAtMs: ReadonlyMap<number, number>;
  /** The highest flush that any line knows of. */
  readonly lastFlush: number;
  readonly damagedBytes: number;
}

export async function salvageFlushes(disk: Disk, directory: string): Promise<Salvage> {
  const decisions = new Map<number, FlushDecision>();
  const written = new Map<number, readonly WrittenObject[]>();
  const deliveredAtMs = new Map<number, number>();
  let lastFlush = 0;
  let damagedBytes = 0;
  for (const name of await flushFiles(disk, directory)) {
    const found = await salvageLines(disk, join(directory, name));
    damagedBytes += found.damagedBytes;
    for (const line of found.lines) {
      if (line.is === "checkpoint") lastFlush = Math.max(lastFlush, line.nextFlush - 1);
      else if (line.is === "decided") decisions.set(line.decision.flush, line.decision);
      else if (line.is === "written") written.set(line.flush, line.objects);
      else deliveredAtMs.set(line.flush, line.atMs);
    }
  }
  lastFlush = Math.max(lastFlush, ...decisions.keys(), ...written.keys(), ...deliveredAtMs.keys());
  return { decisions, written, deliveredAtMs, lastFlush, damagedBytes };
}

export interface WholeLog {
  /** In order. */
  readonly results: readonly FlushResult[];
  readonly open: OpenFlush | undefined;
}

/** Writes the log into a folder that has none; durable on return but for the folder's own name. */
export async function writeFlushes(disk: Disk, directory: string, { results, open }: WholeLog): Promise<void> {
  await makeDurableDirectory(disk, directory);
  const positions: Record<string, number> = {};
  let totals: DeliveryTotals = { rows: 0, dead: 0, filtered: 0 };
  const take = (decision: FlushDecision) => {
    for (const { stream, shard, to } of decision.ranges) {
      const key = positionKey(stream, shard);
      positions[key] = Math.max(positions[key] ?? 0, to + 1);
    }
  };
  const files = Math.max(1, Math.ceil(results.length / FLUSHES_A_FILE));
  for (let at = 0; at < files; at++) {
    const some = results.slice(at * FLUSHES_A_FILE, (at + 1) * FLUSHES_A_FILE);
    const nextFlush = (results[at * FLUSHES_A_FILE - 1]?.flush ?? 0) + 1;
    const lines: Line[] = [{ is: "checkpoint", nextFlush, positions: { ...positions }, totals }];
    for (const result of some) {
      const { objects, deliveredAtMs, ...decision } = result;
      const { flush } = decision;
      lines.push({ is: "decided", decision });
      lines.push({ is: "written", flush, objects: objects.map((object) => ({ object, staged: "" })) });
      lines.push({ is: "delivered", flush, atMs: deliveredAtMs });
      take(decision);
      totals = addTotals(totals, result);
    }
    if (at === files - 1 && open !== undefined) {
      lines.push({ is: "decided", decision: open.decision });
      if (open.written !== undefined) {
        lines.push({ is: "written", flush: open.decision.flush, objects: open.written });
      }
    }
    const file = await disk.open(join(directory, flushFileName(at + 1)), "write");
    try {
      await file.write(lines.map(encodeLine));
      await file.sync();
    } finally {
      await file.close();
    }
  }
  await disk.syncDirectory(directory);
}
