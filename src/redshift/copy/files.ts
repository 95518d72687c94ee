import { textLiteral } from "../sql-text.js";

/** As DuckDB's readers take them. Paths of buckets hold no wildcard. */
export function relationFiles(objects: readonly { readonly path: string }[]): string {
  return `[${objects.map(({ path }) => textLiteral(path)).join(", ")}]`;
}
