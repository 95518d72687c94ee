/** What is to be loaded of redriven letters, and where. */
import { createHash } from "node:crypto";

export interface Redriven {
  /** As src/lambda/row-json.ts writes them, and their cells. */
  readonly rows: readonly { readonly line: string; readonly cells: readonly (string | null)[] }[];
  /** Letters that are dead no more, and those of them whose record is filtered now. */
  readonly ids: readonly string[];
  readonly filtered: ReadonlySet<string>;
  readonly edited: ReadonlyMap<string, Uint8Array>;
  readonly dryRun: boolean;
}

export interface RedriveTarget {
  /** The rows that were loaded, or would be. */
  load(redriven: Redriven): Promise<number>;
  close(): void;
}

/** Of a choice of letters: the same one has the same, and writes the same objects. */
export function digestOf(
  ids: readonly string[],
  edited: ReadonlyMap<string, Uint8Array>,
  lines: readonly string[],
): string {
  const hash = createHash("sha256").update(ids.toSorted().join("\n"));
  for (const [id, data] of edited) hash.update(`\n${id} ${data.length} `).update(data);
  // Another version of the definition may make other rows of the same bytes.
  for (const line of lines.toSorted()) hash.update(line);
  return hash.digest("hex").slice(0, 32);
}
