/** A table's flush log, read from its files: all of it, from a flush on, the flush of one record, or some of all ages. However long it is, a file at a time. */
import { join } from "node:path";
import { PenstockError } from "../core/errors.js";
import type { Disk } from "../disk/disk.js";
import type { FlushResult } from "./flush.js";
import { type Line, type OpenFlush, positionKey, REPAIR_HINT, readLines, resultOf } from "./flush-lines.js";

export interface FlushReader {
  /** Every delivered flush from `sinceFlush` on, in order. Rejects with `damaged` where a line is not what was written, or a file is missing. */
  results(sinceFlush?: number): AsyncIterable<FlushResult>;
  /** The delivered flush that took this record. */
  holding(stream: string, shard: number, sequence: number): Promise<FlushResult | undefined>;
  /** Delivered flushes of all ages, in order: those of so many files, evenly chosen, and of all where there are no more. */
  spread(filesMax: number): AsyncIterable<FlushResult>;
}

/** The log's files, in order. */
export async function flushFiles(disk: Disk, directory: string): Promise<string[]> {
  return (await disk.list(directory)).filter((name) => name.endsWith(".flushes"));
}

export function flushReader(disk: Disk, directory: string): FlushReader {
  const open = async () => {
    const names = await flushFiles(disk, directory);
    const read = async (at: number) =>
      (await readLines(disk, join(directory, names[at]!), at === names.length - 1)).lines;
    return { names, read };
  };
  return {
    results: async function* (sinceFlush = 0) {
      const { names, read } = await open();
      const begun = ({ nextFlush }: Checkpoint) => nextFlush <= sinceFlush;
      const first = sinceFlush <= 0 ? 0 : await lastThat(names.length, read, begun);
      let nextFlush = first === 0 ? 1 : undefined;
      for (let at = first; at < names.length; at++) {
        const lines = await read(at);
        for (const line of lines) {
          if (line.is === "decided") nextFlush = line.decision.flush + 1;
          if (line.is !== "checkpoint") continue;
          if (nextFlush !== undefined && line.nextFlush !== nextFlush) {
            throw new PenstockError(
              "damaged",
              `The flush log in ${directory} has lost a file: ${names[at]} begins at flush ${line.nextFlush}, and those before it end before ${nextFlush}.`,
              { hint: REPAIR_HINT },
            );
          }
          nextFlush = line.nextFlush;
        }
        for (const result of resultsOf(lines)) if (result.flush >= sinceFlush) yield result;
      }
    },
    holding: async (stream, shard, sequence) => {
      const { names, read } = await open();
      const begun = ({ positions }: Checkpoint) => (positions[positionKey(stream, shard)] ?? 0) <= sequence;
      const lines = names.length === 0 ? [] : await read(await lastThat(names.length, read, begun));
      for (const result of resultsOf(lines)) {
        const found = result.ranges.some(
          (range) => range.stream === stream && range.shard === shard && range.from <= sequence && sequence <= range.to,
        );
        if (found) return result;
      }
      return undefined;
    },
    spread: async function* (filesMax) {
      const { names, read } = await open();
      const files = Math.min(filesMax, names.length);
      for (let file = 0; file < files; file++) {
        yield* resultsOf(await read(Math.floor((file * (names.length - 1)) / Math.max(1, files - 1))));
      }
    },
  };
}

type Checkpoint = Extract<Line, { readonly is: "checkpoint" }>;

/** The last file whose checkpoint is so, by halving: of one that is, all before it are. No flush is in two files. */
async function lastThat(
  files: number,
  read: (at: number) => Promise<readonly Line[]>,
  is: (checkpoint: Checkpoint) => boolean,
): Promise<number> {
  let first = 0;
  let last = files - 1;
  while (first < last) {
    const middle = Math.ceil((first + last) / 2);
    const [checkpoint] = await read(middle);
    if (checkpoint?.is === "checkpoint" && is(checkpoint)) first = middle;
    else last = middle - 1;
  }
  return first;
}

function* resultsOf(lines: readonly Line[]): Generator<FlushResult> {
  let open: OpenFlush | undefined;
  for (const line of lines) {
    if (line.is === "decided") open = { decision: line.decision, written: undefined };
    else if (line.is === "written" && open !== undefined) open = { ...open, written: line.objects };
    else if (line.is === "delivered" && open !== undefined) {
      yield resultOf(open, line.atMs);
      open = undefined;
    }
  }
}
