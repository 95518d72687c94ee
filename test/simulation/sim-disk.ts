/**
 * A disk in memory that keeps exactly what the port promises and nothing more. What was not synced may be lost, torn or reordered by
 * a power cut, at any operation of the caller's choosing; calls under way when it comes never answer, as those of a dead process.
 *
 *     const disk = simDisk({ random });
 *     disk.powerCutAt(17);                       // the 17th operation that changes something
 *     await Promise.race([work(disk), disk.dead]);
 *     const next = disk.boot();                  // what the next process finds
 */
import { posix } from "node:path";
import type { Clock } from "../../src/core/clock.js";
import type { Disk, DiskFile } from "../../src/disk/disk.js";
import type { Random } from "./random.js";
import { SimFile, type Survival } from "./sim-file.js";
import { failure, newFolder, partsOf, type SimFolder, SimNames, type SimNode } from "./sim-names.js";

export type SimOperation =
  | "create"
  | "write"
  | "sync"
  | "truncate"
  | "rename"
  | "remove"
  | "makeDirectory"
  | "syncDirectory"
  | "open"
  | "read";

export interface Fault {
  readonly operation: SimOperation;
  /** EIO, ENOSPC, EMFILE, ... A write leaves a part of its bytes, a sync the pages clean and in doubt. */
  readonly code: string;
  /** The how-manieth matching operation from now on; the next one unless told. */
  readonly nth?: number;
  /** How many in a row; 1 unless told. */
  readonly times?: number;
  /** Only of files whose path matches. */
  readonly path?: RegExp;
}

export interface SimDisk extends Disk {
  /** Operations so far that change something; a power cut can come at each. */
  readonly operations: number;
  /** Cuts the power at that operation (counted from 1, since this boot): before it, after it, or in its middle. */
  powerCutAt(operation: number): void;
  powerCut(): void;
  /** The process is killed and the machine goes on: what was written stays, synced or not. */
  kill(): void;
  /** Resolves when the power was cut or the process killed. */
  readonly dead: Promise<void>;
  readonly isDead: boolean;
  /** The disk of the next process. Only of a dead one. */
  boot(): SimDisk;
  fail(fault: Fault): void;
  /** How many syncs of files a fault has made fail since this boot. */
  readonly failedSyncs: number;
  /** Bytes that all files together may hold; Infinity unless set. */
  capacityBytes: number;
  readonly usedBytes: number;
  /** The medium goes bad under a file. */
  damage(path: string, change: (content: Buffer) => Buffer): void;
  /** Every file with its content, for assertions that must not go through the port. */
  files(): Map<string, Buffer>;
}

export interface SimDiskOptions {
  readonly random: Random;
  readonly clock?: Pick<Clock, "now">;
}

const nothing = () => {};
const never = () => new Promise<never>(() => {});
/** A call that would have failed changes nothing when the power goes in its middle. */
const attempt = (act: () => void) => () => {
  try {
    act();
  } catch {
    // The process that would have been told is dead.
  }
};

const SURVIVALS: readonly Survival[] = ["nothing", "everything", "some", "some", "torn"];

export function simDisk(options: SimDiskOptions, names = new SimNames(newFolder(0))): SimDisk {
  const { random } = options;
  const { root } = names;
  const now = () => options.clock?.now() ?? 0;
  const faults: { fault: Fault; seen: number }[] = [];
  let operations = 0;
  let failedSyncs = 0;
  let cutAt = Number.POSITIVE_INFINITY;
  let next: SimNames | undefined;
  let die!: () => void;
  const dead = new Promise<void>((resolve) => {
    die = resolve;
  });

  function end(left: SimNames): void {
    next = left;
    die();
  }

  const powerCut = () => {
    if (next === undefined) end(new SimNames(names.afterPowerCut(random, random.pick(SURVIVALS))));
  };

  /** Waits a turn, as every call to a real disk does; after the end of the process, for ever. */
  async function turn(): Promise<void> {
    // Now and then several turns of the event loop, so that calls which were made later come first.
    if (random.chance(0.1)) for (let turns = random.between(1, 4); turns > 0; turns--) await new Promise(setImmediate);
    else await Promise.resolve();
    if (next !== undefined) await never();
  }

  function faultFor(operation: SimOperation, path: string): Fault | undefined {
    for (const rule of faults) {
      const { fault } = rule;
      if (fault.operation !== operation || !(fault.path?.test(path) ?? true)) continue;
      rule.seen++;
      const first = fault.nth ?? 1;
      if (rule.seen >= first && rule.seen < first + (fault.times ?? 1)) return fault;
    }
    return undefined;
  }

  function throwIfFaulty(operation: SimOperation, path: string): void {
    const fault = faultFor(operation, path);
    if (fault !== undefined) throw failure(fault.code, operation, path);
  }

  /** One operation that changes something. `partly` is what a power cut in its middle may have done. */
  async function change(operation: SimOperation, path: string, act: () => void, partly: () => void): Promise<void> {
    await turn();
    // Another operation may have met its power cut since.
    if (next !== undefined) await never();
    operations++;
    if (operations === cutAt) {
      random.pick([attempt(act), partly, nothing])();
      powerCut();
      await never();
    }
    const fault = faultFor(operation, path);
    if (fault !== undefined) {
      if (operation === "sync") failedSyncs++;
      partly();
      throw failure(fault.code, operation, path);
    }
    act();
  }

  function openFile(file: SimFile, path: string, writable: boolean): DiskFile {
    const own = <T>(act: () => T): Promise<T> => turn().then(act);
    const mustWrite = (operation: string) => {
      if (!writable) throw failure("EBADF", operation, path);
    };
    return {
      read: (into, position) =>
        own(() => {
          throwIfFaulty("read", path);
          return file.read(into, position);
        }),
      write: async (buffers) => {
        const bytes = Buffer.concat(buffers);
        const partly = () => file.append(bytes.subarray(0, random.between(0, bytes.length)));
        const act = () => {
          mustWrite("write");
          const room = disk.capacityBytes - disk.usedBytes;
          file.append(room < bytes.length ? bytes.subarray(0, Math.max(0, room)) : bytes);
          file.modifiedMs = now();
          if (room < bytes.length) throw failure("ENOSPC", "write", path);
        };
        await change("write", path, act, partly);
      },
      sync: () =>
        change(
          "sync",
          path,
          () => file.sync(),
          () => file.failSync(),
        ),
      truncate: (sizeBytes) =>
        change(
          "truncate",
          path,
          () => {
            mustWrite("ftruncate");
            file.truncate(sizeBytes);
          },
          nothing,
        ),
      size: () => own(() => file.sizeBytes),
      close: () => own(nothing),
    };
  }

  /** Unless somebody was quicker: between a look and the act others have their turn. */
  function addTo(parent: SimFolder, name: string, to: SimNode): void {
    if (!parent.entries.has(name)) names.change([{ parent, name, to }]);
  }

  function takeAway(path: string): void {
    const { parent, name } = names.parentOf(path, "rm");
    const found = parent.entries.get(name);
    if (found?.kind === "folder" && found.entries.size > 0) throw failure("ENOTEMPTY", "rm", path);
    if (found !== undefined) names.change([{ parent, name, to: undefined }]);
  }

  async function makeFolders(path: string): Promise<void> {
    let folder = root;
    for (const part of partsOf(path)) {
      const parent: SimFolder = folder;
      const found = parent.entries.get(part);
      if (found?.kind === "file") throw failure("ENOTDIR", "mkdir", path);
      if (found === undefined)
        await change("makeDirectory", path, () => addTo(parent, part, newFolder(now())), nothing);
      const made = parent.entries.get(part);
      if (made?.kind !== "folder") throw failure(made === undefined ? "ENOENT" : "ENOTDIR", "mkdir", path);
      folder = made;
    }
  }

  async function removeTree(path: string): Promise<void> {
    const node = names.find(path);
    if (node === undefined) return;
    if (node.kind === "folder") for (const name of [...node.entries.keys()]) await removeTree(posix.join(path, name));
    await change("remove", path, () => takeAway(path), nothing);
  }

  const disk: SimDisk = {
    open: async (path, mode) => {
      await turn();
      throwIfFaulty("open", path);
      const found = names.find(path);
      if (found?.kind === "folder") throw failure("EISDIR", "open", path);
      if (found !== undefined) {
        if (mode === "write" && found.sizeBytes > 0) await change("truncate", path, () => found.truncate(0), nothing);
        return openFile(found, path, mode !== "read");
      }
      if (mode === "read") throw failure("ENOENT", "open", path);
      const create = () => {
        const { parent, name } = names.parentOf(path, "open");
        addTo(parent, name, new SimFile(now()));
      };
      await change("create", path, create, nothing);
      const made = names.find(path);
      if (made?.kind !== "file") throw failure("ENOENT", "open", path);
      return openFile(made, path, true);
    },
    readFile: async (path) => {
      await turn();
      throwIfFaulty("read", path);
      const found = names.find(path);
      if (found === undefined) throw failure("ENOENT", "open", path);
      if (found.kind === "folder") throw failure("EISDIR", "read", path);
      return found.content();
    },
    rename: (from, to) =>
      change(
        "rename",
        from,
        () => {
          const source = names.parentOf(from, "rename");
          const target = names.parentOf(to, "rename");
          const node = source.parent.entries.get(source.name);
          if (node === undefined) throw failure("ENOENT", "rename", from);
          const replaced = target.parent.entries.get(target.name);
          if (replaced === node) return;
          if (replaced?.kind === "folder" && node.kind === "file") throw failure("EISDIR", "rename", to);
          if (replaced?.kind === "file" && node.kind === "folder") throw failure("ENOTDIR", "rename", to);
          if (replaced?.kind === "folder" && replaced.entries.size > 0) throw failure("ENOTEMPTY", "rename", to);
          names.change([
            { ...source, to: undefined },
            { ...target, to: node },
          ]);
        },
        nothing,
      ),
    remove: async (path) => {
      await turn();
      const found = names.find(path);
      if (found === undefined) return;
      if (found.kind === "folder") throw failure("EISDIR", "rm", path);
      await change("remove", path, () => takeAway(path), nothing);
    },
    removeAll: removeTree,
    makeDirectory: makeFolders,
    list: async (path) => {
      await turn();
      const found = names.find(path);
      if (found?.kind === "file") throw failure("ENOTDIR", "scandir", path);
      return found === undefined ? [] : [...found.entries.keys()].sort();
    },
    stat: async (path) => {
      await turn();
      const found = names.find(path);
      if (found === undefined) return undefined;
      const directory = found.kind === "folder";
      return { sizeBytes: directory ? 0 : found.sizeBytes, modifiedMs: found.modifiedMs, directory };
    },
    syncDirectory: async (path) => {
      await turn();
      const found = names.find(path);
      if (found === undefined) throw failure("ENOENT", "open", path);
      if (found.kind === "file") return;
      await change("syncDirectory", path, () => names.syncFolder(found), nothing);
    },

    get operations() {
      return operations;
    },
    powerCutAt: (operation) => {
      cutAt = operation;
    },
    powerCut,
    kill: () => {
      if (next !== undefined) return;
      for (const [, file] of filesBelow(root, "/")) file.afterKill(random);
      end(names);
    },
    dead,
    get isDead() {
      return next !== undefined;
    },
    boot: () => {
      if (next === undefined) throw new Error("Only a dead disk is booted again.");
      return simDisk(options, next);
    },
    fail: (fault) => {
      faults.push({ fault, seen: 0 });
    },
    get failedSyncs() {
      return failedSyncs;
    },
    capacityBytes: Number.POSITIVE_INFINITY,
    get usedBytes() {
      let sum = 0;
      for (const [, file] of filesBelow(root, "/")) sum += file.sizeBytes;
      return sum;
    },
    damage: (path, change) => {
      const found = names.find(path);
      if (found?.kind !== "file") throw failure("ENOENT", "damage", path);
      found.damage(change);
    },
    files: () => new Map([...filesBelow(root, "/")].map(([path, file]) => [path, file.content()])),
  };
  return disk;
}

function* filesBelow(folder: SimFolder, path: string): Iterable<[string, SimFile]> {
  for (const [name, node] of folder.entries) {
    const below = posix.join(path, name);
    if (node.kind === "file") yield [below, node];
    else yield* filesBelow(node, below);
  }
}
