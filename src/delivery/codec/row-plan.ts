/** A table as the codec needs it: what can be worked out once, before the first record. */
import { PenstockError } from "../../core/errors.js";
import type { ColumnModel, TableModel } from "../../definition/model.js";
import { cellOfText } from "./cell.js";
import { acceptedTexts } from "./predicate.js";

export interface RowPlan {
  readonly table: TableModel;
  readonly columns: readonly ColumnPlan[];
  /** Top-level fields that some column, or nothing but `where`, reads. */
  readonly knownFields: ReadonlySet<string>;
  /** Index of the column that gets unknown fields; -1 where there is none. */
  readonly keepIndex: number;
  readonly where: { readonly field: string; readonly accepted: ReadonlySet<string> } | undefined;
}

export interface ColumnPlan {
  readonly column: ColumnModel;
  /** The default in canonical form; null where there is none. */
  readonly fallback: string | null;
}

export function planRows(table: TableModel): RowPlan {
  const keepIn =
    table.format.kind === "json" && table.format.unknownFields === "keep" ? table.format.keepIn : undefined;
  const knownFields = new Set<string>();
  for (const column of table.columns) if (column.name !== keepIn) knownFields.add(column.path[0]!);
  if (table.where !== undefined) knownFields.add(table.where.field);
  return {
    table,
    columns: table.columns.map((column) => ({ column, fallback: fallbackOf(table, column) })),
    knownFields,
    keepIndex: table.columns.findIndex(({ name }) => name === keepIn),
    where: table.where && { field: table.where.field, accepted: acceptedTexts(table.where) },
  };
}

function fallbackOf(table: TableModel, column: ColumnModel): string | null {
  if (column.default === undefined) return null;
  // A default is text as in SQL, so a time format of the records says nothing about it.
  const cell = cellOfText(
    { name: column.name, type: column.type, nullable: column.nullable, path: column.path },
    String(column.default),
  );
  if (cell === null || typeof cell === "string") return cell;
  throw new PenstockError(
    "invalid-definition",
    `tables.${table.name}.columns.${column.name}.default: ${cell.message}.`,
    { hint: "Give a default that the column's own type can hold." },
  );
}
