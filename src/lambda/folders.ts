import type { TableModel } from "../definition/model.js";

/** The fixed folders that a table's objects lie under. */
export function tablePrefix(table: Pick<TableModel, "deliver">): string {
  return fixedFolder(table.deliver.prefix);
}

/** Rows of its dead letters that were redriven: no event tells of them, since whoever writes them loads them. */
export function redrivePrefix(table: Pick<TableModel, "name">): string {
  return `redrive/${table.name}/`;
}

/** The fixed folders that its dead letters lie under, the transform's and Firehose's own. */
export function lettersPrefix(table: Pick<TableModel, "deliver">): string {
  return fixedFolder(table.deliver.errorPrefix);
}

/** The folders before a prefix's first expression, as roles and events are limited to them. */
export function fixedFolder(prefix: string): string {
  const literal = prefix.split("!{")[0]!;
  return literal.slice(0, literal.lastIndexOf("/") + 1);
}
