import { dirname, join } from "node:path";
import { PenstockError } from "../core/errors.js";
import { readJsonFile, writeFileAtomically } from "../disk/atomic-file.js";
import type { Disk } from "../disk/disk.js";
import type { PipelineModel } from "./model.js";
import { type Change, canonicalText, compareModels, digestOf } from "./version.js";

/**
 * The versions of a pipeline's definition, one small file each, never changed once written:
 *
 *     <folder>/v000001.json   { "format": 1, "version": 1, "storedAtMs": ..., "digest": sha256, "model": {...} }
 *
 * A version is one number for the whole definition; it is what objects and flush decisions call their schema version.
 */
export interface VersionStore {
  /** The newest; undefined in a new data directory. */
  latest(): StoredVersion | undefined;
  /** `not-found` when there is no such version. Models have no `transform`: that lives in the process alone. */
  get(version: number): StoredVersion;
  /**
   * What the model would change. Tables and streams that an earlier version had and the latest has not are compared as they last were, since
   * they are still in the warehouse.
   */
  compare(model: PipelineModel): readonly Change[];
  /**
   * Stores the model as the next version and answers it, durable; the latest when nothing differs. An incompatible model is refused
   * (`incompatible-schema`) with every difference, and nothing is written.
   */
  append(model: PipelineModel, storedAtMs: number): Promise<StoredVersion>;
}

export interface StoredVersion {
  readonly version: number;
  readonly storedAtMs: number;
  readonly model: PipelineModel;
}

const FORMAT = 1;

interface VersionFile extends StoredVersion {
  readonly format: number;
  readonly digest: string;
}

/** Reads all versions; one caller owns the folder. A version that is missing or does not match its digest is `damaged`. */
export async function openVersionStore(disk: Disk, folder: string): Promise<VersionStore> {
  await disk.makeDirectory(folder);
  // The folder's own name must be as durable as what will be in it.
  await disk.syncDirectory(dirname(folder));
  const versions: StoredVersion[] = [];
  const names = (await disk.list(folder)).filter((name) => /^v\d{6}\.json$/.test(name));
  for (const [index, name] of names.entries()) versions.push(await readVersion(disk, join(folder, name), index + 1));

  const store: VersionStore = {
    latest: () => versions.at(-1),
    get: (version) => {
      const found = versions[version - 1];
      if (!found)
        throw new PenstockError(
          "not-found",
          `There is no version ${version} of the definition (there are ${versions.length}).`,
        );
      return found;
    },
    compare: (model) => {
      const latest = versions.at(-1);
      if (!latest) return [];
      const gone = remembered(versions);
      const withGone = (part: "tables" | "streams") => [
        ...latest.model[part],
        ...gone[part].filter(({ name }) => model[part].some((one) => one.name === name)),
      ];
      const before = { ...latest.model, tables: withGone("tables"), streams: withGone("streams") } as PipelineModel;
      return compareModels(before, model);
    },
    append: async (model, storedAtMs) => {
      const latest = versions.at(-1);
      if (latest && canonicalText(latest.model) === canonicalText(model)) return latest;
      refuseIncompatible(model, store.compare(model));
      const stored: VersionFile = {
        format: FORMAT,
        version: versions.length + 1,
        storedAtMs,
        digest: digestOf(model),
        model: JSON.parse(canonicalText(model)) as PipelineModel,
      };
      await writeFileAtomically(disk, join(folder, fileName(stored.version)), `${JSON.stringify(stored, null, 2)}\n`);
      // Commit point. Before: the definition in force is the one before. After: what is delivered from now on names this version.
      versions.push(stored);
      return stored;
    },
  };
  return store;
}

function fileName(version: number): string {
  return `v${String(version).padStart(6, "0")}.json`;
}

async function readVersion(disk: Disk, path: string, version: number): Promise<StoredVersion> {
  let file: VersionFile | undefined;
  try {
    file = await readJsonFile<VersionFile>(disk, path);
  } catch (cause) {
    throw damaged(path, "cannot be read", cause);
  }
  if (file?.format !== FORMAT && typeof file?.format === "number") {
    throw new PenstockError("refused", `${path} has format ${file.format}; this Penstock knows ${FORMAT}.`, {
      hint: "Run the Penstock that wrote this data directory, or a newer one.",
    });
  }
  if (file?.version !== version)
    throw damaged(path, `should be version ${version}: one is missing, or the file is not what it was`);
  if (digestOf(file.model) !== file.digest) throw damaged(path, "does not match its digest");
  return { version, storedAtMs: file.storedAtMs, model: file.model };
}

function damaged(path: string, what: string, cause?: unknown): PenstockError {
  return new PenstockError("damaged", `The stored definition ${path} ${what}.`, {
    hint: "Restore the file from a backup: objects in the lake name its version.",
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Tables and streams of earlier versions that the latest has no more, as they last were. */
function remembered(versions: readonly StoredVersion[]): Pick<PipelineModel, "tables" | "streams"> {
  const latest = versions.at(-1)!.model;
  const older = versions.slice(0, -1).reverse();
  const gone = (part: "tables" | "streams") => {
    const found = new Map<string, PipelineModel["tables"][number] | PipelineModel["streams"][number]>();
    for (const { model } of older) {
      for (const one of model[part]) {
        if (!found.has(one.name) && !latest[part].some(({ name }) => name === one.name)) found.set(one.name, one);
      }
    }
    return [...found.values()];
  };
  return { tables: gone("tables"), streams: gone("streams") } as Pick<PipelineModel, "tables" | "streams">;
}

/** Throws `incompatible-schema`, with what differs and what to do, when one of the changes cannot be applied. */
export function refuseIncompatible(model: PipelineModel, changes: readonly Change[]): void {
  const refused = changes.filter(({ kind }) => kind === "incompatible");
  if (refused.length === 0) return;
  const lines = refused.map(({ path, before, after, advice }) => {
    const difference =
      before === undefined
        ? `would be new: ${after}`
        : after === undefined
          ? `would go: ${before}`
          : `was ${before}, would be ${after}`;
    return `\n  ${path}: ${difference}. ${advice ?? ""}`.trimEnd();
  });
  throw new PenstockError(
    "incompatible-schema",
    `The definition of pipeline ${JSON.stringify(model.name)} cannot be applied to this data directory:${lines.join("")}`,
    { hint: "Nothing was changed. Mend the definition, or start afresh in another directory with --data." },
  );
}
