/** Where a table's partitions stand in its objects' keys, so that the catalog can be told of a folder when its first object comes. */
import type { TableModel } from "../../src/definition/model.js";
import { partitionColumns } from "../../src/definition/partition-columns.js";

export interface PartitionFolders {
  /** In the order of Glue's partition keys: which part of the key (cut at `/`) has the value, and whether `name=` stands before it. */
  readonly keys: readonly { readonly name: string; readonly part: number; readonly named: boolean }[];
  /** How many parts lead to the partition's folder. */
  readonly depth: number;
}

const EXPRESSION = "!{partitionKeyFromQuery:";

/**
 * Undefined where the table has no partitions, or where its prefix mixes them with what is no partition (the hour, text around a value): one partition
 * would then have many folders, and the catalog knows one. Such a table is read with all its folders.
 */
export function partitionFolders(table: TableModel): PartitionFolders | undefined {
  const names = table.deliver.partitionBy.map(({ name }) => name);
  const shown = partitionColumns(table);
  if (names.length === 0 || shown.length !== names.length) return undefined;
  const parts = table.deliver.prefix.split("/").slice(0, -1);
  const keys = new Map<string, { readonly part: number; readonly named: boolean }>();
  let depth = 0;
  for (const [part, text] of parts.entries()) {
    if (!text.includes("!{")) continue;
    const named = /^([^!{}=]+=)?!\{partitionKeyFromQuery:([^}]*)\}$/.exec(text);
    if (named === null) {
      if (keys.size === names.length && !text.includes(EXPRESSION)) break;
      return undefined;
    }
    const [, label, name = ""] = named;
    if (keys.has(name)) return undefined;
    keys.set(name, { part, named: label !== undefined });
    depth = part + 1;
  }
  return { keys: names.flatMap((name) => ({ name, ...(keys.get(name) ?? { part: 0, named: false }) })), depth };
}
