/** Which objects one COPY reads together. */
import type { TableModel } from "../../definition/model.js";
import type { CopySource } from "./load-given.js";
import type { LoadObject } from "./steps.js";

/** Each costs two of the batch's 40 statements, and the load with everything in it some 24. */
export const SOURCES_MAX = 8;
/** A statement names them all, and may have 100 KB; a key may have 1,024 bytes. */
export const LOAD_OBJECTS_MAX = 64;

export interface SourceObject {
  readonly object: LoadObject;
  /** Of a Parquet file, by its footer; the metadata columns too. */
  readonly columns?: number;
}

export type PlannedSource = Omit<CopySource, "manifestUrl">;

/**
 * Objects that are read alike go together. In a checked load each has a COPY of its own as long as there are few, so that the ledger can say of each
 * object what became of its rows; beyond that, several share one, and the ledger knows their sum.
 */
export function planSources(
  table: TableModel,
  objects: readonly SourceObject[],
  mode: "plain" | "checked",
): PlannedSource[] {
  const groups = new Map<string, { shape: Omit<PlannedSource, "objects">; objects: LoadObject[] }>();
  for (const { object, columns } of objects) {
    const shape = { ...formatOf(object, table), ...(columns === undefined ? {} : { columns }) };
    const id = JSON.stringify(shape);
    const group = groups.get(id) ?? { shape, objects: [] };
    group.objects.push(object);
    groups.set(id, group);
  }
  const together =
    mode === "plain"
      ? LOAD_OBJECTS_MAX
      : Math.ceil(
          objects.length / Math.max(1, objects.length <= SOURCES_MAX ? SOURCES_MAX : SOURCES_MAX + 1 - groups.size),
        );
  return [...groups.values()].flatMap(({ shape, objects: all }) =>
    Array.from({ length: Math.ceil(all.length / together) }, (_, part) => ({
      ...shape,
      objects: all.slice(part * together, (part + 1) * together),
    })),
  );
}

/** By the key's ending, because a definition may have changed its mind about the format since. */
export function formatOf(
  { key, kind }: Pick<LoadObject, "key" | "kind">,
  table: TableModel,
): Pick<CopySource, "format" | "compression"> {
  const ending = /\.(parquet|json|ndjson|jsonl)(?:\.(gz|gzip|zst|zstd))?$/.exec(key);
  const format = kind === "dead" ? "json" : (ending?.[1] ?? table.deliver.fileFormat);
  if (format === "parquet") return { format };
  const suffix = ending?.[2];
  if (suffix === undefined) return { format: "json" };
  return { format: "json", compression: suffix.startsWith("gz") ? "gzip" : "zstd" };
}
