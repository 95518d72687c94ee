import type { SqlColumn } from "../database.js";
import { type SqlType, typeName } from "../types.js";
import type { UnloadOptions } from "./options.js";

/** The list of files that UNLOAD wrote, which COPY ... MANIFEST reads. */
export function manifestOf(
  files: readonly { readonly url: string; readonly rows: number; readonly sizeBytes: number }[],
  columns: readonly SqlColumn[],
  { format, verbose }: UnloadOptions,
): string {
  const entries = files.map(({ url, rows, sizeBytes }) => {
    if (verbose) return { url, meta: { content_length: sizeBytes, record_count: rows } };
    return format === "parquet" ? { url, meta: { content_length: sizeBytes } } : { url };
  });
  if (!verbose) return JSON.stringify({ entries }, undefined, 2);
  const sum = (pick: (file: (typeof files)[number]) => number) => files.reduce((total, file) => total + pick(file), 0);
  return JSON.stringify(
    {
      entries,
      schema: { elements: columns.map(({ name, type }) => ({ name, type: typeOf(type) })) },
      meta: { content_length: sum(({ sizeBytes }) => sizeBytes), record_count: sum(({ rows }) => rows) },
      author: { name: "Penstock", version: "1.0.0" },
    },
    undefined,
    2,
  );
}

function typeOf(type: SqlType): object {
  if ("length" in type) return { base: typeName(type), max_length: type.length };
  return type.kind === "decimal"
    ? { base: "numeric", precision: type.precision, scale: type.scale }
    : { base: typeName(type) };
}
