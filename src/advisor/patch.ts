/** The advice as a change of the definition: the lines of a table that would be other ones. Written from the checked model, not from the file. */
import type { TableAdvice } from "../api/control/contract.js";
import type { ColumnModel, TableModel } from "../definition/model.js";

export function definitionPatch(
  table: TableModel,
  { columns, sortKey, distribution }: Pick<TableAdvice, "columns" | "sortKey" | "distribution">,
): string {
  const lines: string[] = [];
  const change = (indent: string, before: string | undefined, after: string | undefined) => {
    if (before === after) return;
    if (before !== undefined) lines.push(`-${indent}${before}`);
    if (after !== undefined) lines.push(`+${indent}${after}`);
  };
  const columnLines = table.columns.map((column) => {
    const best = columns.find(({ name }) => name === column.name)?.best;
    const before = columnText(column);
    return { before, after: best === undefined ? before : columnText({ ...column, encode: best }) };
  });
  if (columnLines.some(({ before, after }) => before !== after)) {
    lines.push("   columns: {");
    for (const { before, after } of columnLines) {
      if (before === after) lines.push(`     ${before}`);
      else change("    ", before, after);
    }
    lines.push("   },");
  }
  const keyBefore = distributionText(table.distStyle, table.distKey);
  // AUTO comes to EVEN by itself.
  const keepsAuto = table.distStyle === "auto" && distribution.best.style === "even";
  if (!keepsAuto) change("  ", keyBefore, distributionText(distribution.best.style, distribution.best.column));
  const key = sortKey.best;
  if (key !== undefined && key.style !== "none") {
    const before = table.sortKey === undefined ? undefined : sortText(table.sortKey);
    change("  ", before, sortText({ style: key.style, columns: key.columns }));
  }
  if (lines.length === 0) return "";
  return ["--- penstock.ts", "+++ penstock.ts", `@@ table(${JSON.stringify(table.name)}, { ... }) @@`, ...lines].join(
    "\n",
  );
}

function columnText(column: ColumnModel): string {
  const { name, type, nullable, path, default: value, timeFormat, encode } = column;
  const calls = [
    typeCall(type),
    nullable ? "" : ".notNull()",
    value === undefined ? "" : `.default(${JSON.stringify(value)})`,
    path.length === 1 && path[0] === name ? "" : `.path(${JSON.stringify(path)})`,
    timeFormat === undefined || timeFormat === "auto" ? "" : `.format(${JSON.stringify(timeFormat)})`,
    encode === undefined ? "" : `.encode(${JSON.stringify(encode)})`,
  ];
  return `${/^[a-z_]\w*$/i.test(name) ? name : JSON.stringify(name)}: ${calls.join("")},`;
}

function typeCall(type: ColumnModel["type"]): string {
  switch (type.kind) {
    case "decimal":
      return `decimal(${type.precision}, ${type.scale})`;
    case "varchar":
    case "char":
      return `${type.kind}(${type.length})`;
    case "double":
      return "doublePrecision()";
    case "super":
      return "superType()";
    default:
      return `${type.kind}()`;
  }
}

function distributionText(style: TableModel["distStyle"], column: string | undefined): string | undefined {
  if (style === "auto") return undefined;
  return style === "key" ? `distKey: ${JSON.stringify(column)},` : `distStyle: ${JSON.stringify(style)},`;
}

function sortText({ style, columns }: NonNullable<TableModel["sortKey"]>): string {
  const list = `[${columns.map((column) => JSON.stringify(column)).join(", ")}]`;
  return style === "interleaved" ? `sortKey: interleaved(${list}),` : `sortKey: ${list},`;
}
