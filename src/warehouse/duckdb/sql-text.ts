/** A name as DuckDB takes it, whatever it holds. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

export function identifiers(names: readonly string[], table?: string): string {
  return names.map((name) => (table === undefined ? identifier(name) : `${table}.${identifier(name)}`)).join(", ");
}

/**
 * A path for DuckDB's readers, which take every path as a pattern: each special character stands for itself inside brackets.
 */
function pathText(path: string): string {
  return text(path.replaceAll(/[*?[]/g, (special) => `[${special}]`));
}

export function pathList(paths: readonly string[]): string {
  return `[${paths.map(pathText).join(", ")}]`;
}
