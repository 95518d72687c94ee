/** The names of a simulated disk: folders, and the changes to them that no `syncDirectory` has made durable yet. */
import { posix } from "node:path";
import type { Random } from "./random.js";
import type { SimFile, Survival } from "./sim-file.js";

export interface SimFolder {
  readonly kind: "folder";
  readonly entries: Map<string, SimNode>;
  readonly durable: Map<string, SimNode>;
  readonly modifiedMs: number;
}

export type SimNode = SimFile | SimFolder;

interface NameChange {
  readonly parent: SimFolder;
  readonly name: string;
  readonly to: SimNode | undefined;
}

/** One call's changes, all or none. It cannot survive without those that it `needs`. */
interface NameOperation {
  readonly changes: readonly NameChange[];
  readonly needs: readonly NameOperation[];
}

export function failure(code: string, operation: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${operation} '${path}' (simulated)`), { code, syscall: operation, path });
}

export function newFolder(modifiedMs: number): SimFolder {
  return { kind: "folder", entries: new Map(), durable: new Map(), modifiedMs };
}

export class SimNames {
  private unsynced: NameOperation[] = [];

  constructor(readonly root: SimFolder) {}

  find(path: string): SimNode | undefined {
    let node: SimNode | undefined = this.root;
    for (const part of partsOf(path)) {
      if (node === undefined) return undefined;
      if (node.kind === "file") throw failure("ENOTDIR", "stat", path);
      node = node.entries.get(part);
    }
    return node;
  }

  /** The folder that holds the path's last part. */
  parentOf(path: string, operation: string): { readonly parent: SimFolder; readonly name: string } {
    const parent = this.find(posix.dirname(posix.resolve("/", path)));
    if (parent === undefined) throw failure("ENOENT", operation, path);
    if (parent.kind === "file") throw failure("ENOTDIR", operation, path);
    return { parent, name: posix.basename(path) };
  }

  change(changes: readonly NameChange[]): void {
    const needs = this.unsynced.filter((earlier) =>
      earlier.changes.some((before) => changes.some((after) => dependsOn(after, before))),
    );
    this.unsynced.push({ changes, needs });
    for (const { parent, name, to } of changes) {
      if (to === undefined) parent.entries.delete(name);
      else parent.entries.set(name, to);
    }
  }

  /** Makes durable what touched the folder, and what that could not be without. */
  syncFolder(folder: SimFolder): void {
    const durable = new Set<NameOperation>();
    const add = (operation: NameOperation) => {
      durable.add(operation);
      for (const needed of operation.needs) if (!durable.has(needed)) add(needed);
    };
    for (const operation of this.unsynced) {
      if (operation.changes.some(({ parent }) => parent === folder)) add(operation);
    }
    for (const operation of this.unsynced) if (durable.has(operation)) settle(operation);
    this.unsynced = this.unsynced.filter((operation) => !durable.has(operation));
  }

  /** The tree as a power cut may leave it: of the changes that were not synced any subset that could have happened. */
  afterPowerCut(random: Random, survival: Survival): SimFolder {
    const survivors = new Set<NameOperation>();
    const through = random.between(0, this.unsynced.length);
    const inOrder = random.chance(0.5);
    for (const [i, operation] of this.unsynced.entries()) {
      // Journaling file systems keep the order of changes; POSIX does not ask for it. Both come up.
      const kept = survival === "everything" || (inOrder ? i < through : random.chance(0.5));
      if (survival === "nothing" || !kept) continue;
      if (operation.needs.every((needed) => survivors.has(needed) || !this.unsynced.includes(needed))) {
        survivors.add(operation);
        settle(operation);
      }
    }
    return surviving(this.root, random, survival);
  }
}

function dependsOn(after: NameChange, before: NameChange): boolean {
  if (before.parent === after.parent && before.name === after.name) return true;
  // A folder can be removed only once what was in it has gone.
  return after.to === undefined && before.parent === after.parent.entries.get(after.name);
}

function settle(operation: NameOperation): void {
  for (const { parent, name, to } of operation.changes) {
    if (to === undefined) parent.durable.delete(name);
    else parent.durable.set(name, to);
  }
}

function surviving(folder: SimFolder, random: Random, survival: Survival): SimFolder {
  const copy = newFolder(folder.modifiedMs);
  for (const [name, node] of folder.durable) {
    const kept = node.kind === "file" ? node.afterPowerCut(random, survival) : surviving(node, random, survival);
    copy.entries.set(name, kept);
    copy.durable.set(name, kept);
  }
  return copy;
}

export function partsOf(path: string): string[] {
  return posix
    .resolve("/", path)
    .split("/")
    .filter((part) => part !== "");
}
