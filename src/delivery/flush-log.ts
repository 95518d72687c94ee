/**
 * A table's flush log: what was decided, written and delivered, in order. Lines of `<CRC-32C, hex> <JSON>`, in files of so many flushes
 * each; every file begins with a checkpoint that sums up all before it, so that a start reads the newest file alone.
 *
 * The newest file may end in a torn line, which is cut: nothing was done on the strength of it. A line that is wrong anywhere else is `damaged`.
 */
import { join } from "node:path";
import { messageOf, PenstockError } from "../core/errors.js";
import type { Disk, DiskFile } from "../disk/disk.js";
import { makeDurableDirectory } from "../disk/durable-directory.js";
import type { FlushDecision, FlushResult } from "./flush.js";
import {
  addTotals,
  type DeliveryTotals,
  encodeLine,
  type Line,
  type OpenFlush,
  positionKey,
  readLines,
  resultOf,
  type WrittenObject,
} from "./flush-lines.js";
import { flushFiles, flushReader } from "./flush-reading.js";

export interface FlushLog {
  /** What a start has to finish first. */
  readonly open: OpenFlush | undefined;
  readonly nextFlush: number;
  readonly totals: DeliveryTotals;
  /** The last flushes that were delivered before the log was opened, newest first, ten at most. */
  readonly newest: readonly FlushResult[];
  /** The first sequence that no decision has taken; undefined for a shard that none ever took from. */
  position(stream: string, shard: number): number | undefined;
  decided(decision: FlushDecision): Promise<void>;
  written(objects: readonly WrittenObject[]): Promise<void>;
  delivered(atMs: number): Promise<FlushResult>;
  /** Every delivered flush from `sinceFlush` on, in order, read from the files. */
  results(sinceFlush?: number): AsyncIterable<FlushResult>;
  close(): Promise<void>;
}

/** Flushes in one file. */
export const FLUSHES_A_FILE = 1000;
const NEWEST_RESULTS = 10;
export const flushFileName = (ordinal: number) => `${String(ordinal).padStart(8, "0")}.flushes`;

export async function openFlushLog(disk: Disk, directory: string, flushesAFile = FLUSHES_A_FILE): Promise<FlushLog> {
  await makeDurableDirectory(disk, directory);
  let positions: Record<string, number> = {};
  let totals: DeliveryTotals = { rows: 0, dead: 0, filtered: 0 };
  let nextFlush = 1;
  let open: OpenFlush | undefined;
  let flushesInFile = 0;
  let file: DiskFile;
  let ordinal: number;
  let sizeBytes = 0;
  let failed: PenstockError | undefined;
  /** A write failed: behind `sizeBytes` there may be a part of a line, to be cut before the next. */
  let torn = false;
  const newestResults: FlushResult[] = [];

  const names = await flushFiles(disk, directory);
  const readNewest = async () => {
    const name = names.at(-1);
    return name === undefined ? undefined : await readLines(disk, join(directory, name), true);
  };
  let found = await readNewest();
  if (found?.lines.length === 0) {
    // A crash while it was begun: the one before it is whole and goes on.
    await disk.remove(join(directory, names.pop()!));
    found = await readNewest();
  }
  const newest = names.at(-1);
  if (newest === undefined || found === undefined) {
    ordinal = 0;
    file = await beginFile();
  } else {
    ordinal = Number.parseInt(newest, 10);
    const path = join(directory, newest);
    for (const line of found.lines) {
      const result = apply(line);
      if (result !== undefined) newestResults.unshift(result);
    }
    newestResults.splice(NEWEST_RESULTS);
    file = await disk.open(path, "append");
    // The last line may be there by the machine's cache alone, its sync having failed: written once more, a sync counts for it. Should a
    // crash take it in between, no harm is done: whatever it says is decided, written or delivered again.
    const last = found.lines.at(-1)!;
    const rewritten = last.is === "checkpoint" ? [] : [encodeLine(last)];
    const keepBytes = rewritten.length === 0 ? found.endBytes : found.lastLineAt;
    if ((await file.size()) > keepBytes) await file.truncate(keepBytes);
    if (rewritten.length > 0) await file.write(rewritten);
    await file.sync();
    sizeBytes = await file.size();
  }

  /** Takes a line into the state; answers the result of a flush that it completes. */
  function apply(line: Line): FlushResult | undefined {
    switch (line.is) {
      case "checkpoint":
        positions = { ...line.positions };
        totals = line.totals;
        nextFlush = line.nextFlush;
        return undefined;
      case "decided":
        open = { decision: line.decision, written: undefined };
        nextFlush = line.decision.flush + 1;
        flushesInFile++;
        for (const { stream, shard, to } of line.decision.ranges) positions[positionKey(stream, shard)] = to + 1;
        return undefined;
      case "written":
        if (open !== undefined) open = { ...open, written: line.objects };
        return undefined;
      case "delivered": {
        if (open === undefined) return undefined;
        const result = resultOf(open, line.atMs);
        totals = addTotals(totals, result);
        open = undefined;
        return result;
      }
    }
  }

  async function beginFile(): Promise<DiskFile> {
    const path = join(directory, flushFileName(ordinal + 1));
    const fresh = await disk.open(path, "write");
    const checkpoint = encodeLine({ is: "checkpoint", nextFlush, positions, totals });
    try {
      await fresh.write([checkpoint]);
      await fresh.sync();
      await disk.syncDirectory(directory);
      // Commit point. Before: a file without a whole line, removed at the next start. After: the log goes on here.
    } catch (error) {
      // Nothing relies on it yet. Left behind, it would be damage in the middle as soon as another one is begun.
      await fresh.close();
      await disk.remove(path);
      throw error;
    }
    ordinal++;
    sizeBytes = checkpoint.length;
    flushesInFile = 0;
    return fresh;
  }

  /** Appends a line; durable on return. No line is ever behind one that is not, or a crash could tear the middle. */
  async function append(line: Line): Promise<FlushResult | undefined> {
    if (failed !== undefined) throw failed;
    const bytes = encodeLine(line);
    try {
      if (torn) await file.truncate(sizeBytes);
      torn = true;
      await file.write([bytes]);
      torn = false;
    } catch (cause) {
      throw new PenstockError(
        "unavailable",
        `The flush log in ${directory} could not be written: ${messageOf(cause)}.`,
        {
          cause,
          hint: "Free some space on the disk; delivery tries again by itself.",
        },
      );
    }
    try {
      await file.sync();
    } catch (cause) {
      failed = new PenstockError(
        "poisoned",
        `The disk failed to sync the flush log in ${directory}: ${messageOf(cause)}.`,
        {
          cause,
          hint: "Check the disk, then start again: what was decided is carried out then.",
        },
      );
      throw failed;
    }
    sizeBytes += bytes.length;
    return apply(line);
  }

  return {
    get open() {
      return open;
    },
    get nextFlush() {
      return nextFlush;
    },
    get totals() {
      return totals;
    },
    newest: newestResults,
    position: (stream, shard) => positions[positionKey(stream, shard)],
    decided: async (decision) => {
      if (flushesInFile >= flushesAFile && open === undefined) {
        const full = file;
        file = await beginFile();
        await full.close();
      }
      await append({ is: "decided", decision });
    },
    written: async (objects) => {
      await append({ is: "written", flush: open!.decision.flush, objects });
    },
    delivered: async (atMs) => (await append({ is: "delivered", flush: open!.decision.flush, atMs }))!,
    results: flushReader(disk, directory).results,
    close: () => file.close(),
  };
}
