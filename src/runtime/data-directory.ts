/**
 * The data directory: who may use it and how it is laid out.
 *
 *     format.json       the layout's version; a newer one is refused, an older one upgraded
 *     lock.json         the process that has it
 *     definition/       versions of the pipeline's definition
 *     streams/          the journals
 *     delivery/         a flush log a table
 *     lake/             the objects
 *     buckets/          the buckets of others
 *     staging/          files that have no name in the lake yet
 *     pins.json         the charts that somebody pinned to the console's dashboard
 *     warehouse.duckdb
 */
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PenstockError } from "../core/errors.js";
import { readJsonFile, writeFileAtomically } from "../disk/atomic-file.js";
import type { Disk } from "../disk/disk.js";
import { makeDurableDirectory } from "../disk/durable-directory.js";
import { processRuns } from "./process-runs.js";

const FORMAT = 1;

export interface DataDirectory {
  readonly path: string;
  readonly definition: string;
  readonly streams: string;
  readonly delivery: string;
  readonly lake: string;
  readonly buckets: string;
  readonly staging: string;
  readonly warehouse: string;
  release(): Promise<void>;
}

/** Takes the directory for this process, or refuses with the pid of the one that has it. */
export async function openDataDirectory(disk: Disk, path: string, atMs: number): Promise<DataDirectory> {
  await makeDurableDirectory(disk, path);
  const release = await takeLock(path, atMs);
  try {
    await checkFormat(disk, path);
    const staging = join(path, "staging");
    const directories = {
      definition: join(path, "definition"),
      streams: join(path, "streams"),
      delivery: join(path, "delivery"),
      lake: join(path, "lake"),
      buckets: join(path, "buckets"),
    };
    for (const directory of Object.values(directories)) await makeDurableDirectory(disk, directory);
    await makeDurableDirectory(disk, staging);
    return { path, ...directories, staging, warehouse: join(path, "warehouse.duckdb"), release };
  } catch (error) {
    await release();
    throw error;
  }
}

async function checkFormat(disk: Disk, path: string): Promise<void> {
  const file = join(path, "format.json");
  const stored = await readJsonFile<{ format: number }>(disk, file);
  if (stored === undefined) {
    await writeFileAtomically(disk, file, `${JSON.stringify({ format: FORMAT })}\n`);
  } else if (stored.format !== FORMAT) {
    throw new PenstockError("refused", `${path} has layout ${stored.format}; this Penstock reads layout ${FORMAT}.`, {
      hint: "Use the Penstock that wrote it, or name another folder with --data.",
    });
  }
}

interface Holder {
  readonly pid: number;
  /** When the process began, so that a pid which the system has given to another program is not taken for the holder. */
  readonly processStart: string;
  readonly lockedAtMs: number;
}

/**
 * The lock is a file that only one process can create, by linking a finished one under the name. It outlives a kill -9, so a holder that
 * no longer runs loses it. (DuckDB holds a lock of the kernel's on its own file besides.)
 */
async function takeLock(path: string, atMs: number): Promise<() => Promise<void>> {
  const file = join(path, "lock.json");
  const candidate = `${file}.${process.pid}`;
  const mine: Holder = { pid: process.pid, processStart: await processStart(process.pid), lockedAtMs: atMs };
  await writeFile(candidate, JSON.stringify(mine));
  try {
    for (;;) {
      try {
        await link(candidate, file);
        return () => rm(file, { force: true });
      } catch (error) {
        if (!hasCode(error, "EEXIST")) throw error;
      }
      const holder = await readHolder(file);
      if (holder === "gone") continue;
      if (await runs(holder)) throw lockedBy(path, holder);
      await removeStale(file, holder);
    }
  } finally {
    await rm(candidate, { force: true });
  }
}

function lockedBy(path: string, holder: Holder): PenstockError {
  return new PenstockError("locked", `${path} is in use by process ${holder.pid}.`, {
    hint: "Stop that one first, or name another folder with --data.",
  });
}

/** Of several that find the holder gone, one takes its file away; whoever took a new holder's file by mistake puts it back. */
async function removeStale(file: string, holder: Holder): Promise<void> {
  const aside = `${file}.${process.pid}.stale`;
  try {
    await rename(file, aside);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return;
    throw error;
  }
  const taken = await readHolder(aside);
  if (taken !== "gone" && taken.processStart + taken.pid !== holder.processStart + holder.pid) {
    await link(aside, file).catch(() => undefined);
  }
  await rm(aside, { force: true });
}

/** No process has this pid. */
const NOBODY: Holder = { pid: -1, processStart: "", lockedAtMs: 0 };

async function readHolder(file: string): Promise<Holder | "gone"> {
  try {
    const holder = JSON.parse(await readFile(file, "utf8")) as Holder | null;
    return holder !== null && Number.isSafeInteger(holder.pid) && holder.pid > 0 ? holder : NOBODY;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return "gone";
    // A file is whole before it has the name, so only a power cut leaves one that is not: whoever wrote it runs no more.
    if (error instanceof SyntaxError) return NOBODY;
    throw error;
  }
}

async function runs(holder: Holder): Promise<boolean> {
  if (holder === NOBODY || !processRuns(holder.pid)) return false;
  return holder.processStart === (await processStart(holder.pid));
}

/** Linux: clock ticks between boot and the process's start, with the boot's id; empty elsewhere, where the pid has to do. */
async function processStart(pid: number): Promise<string> {
  try {
    const [stat, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile("/proc/sys/kernel/random/boot_id", "utf8"),
    ]);
    // Field 22, counted behind the command's closing parenthesis, which may itself hold spaces.
    return `${boot.trim()}/${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]}`;
  } catch {
    return "";
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
