import type { QueryResult } from "../../../../src/warehouse/warehouse.ts";
import { textOf } from "./grid.tsx";

/** As RFC 4180 has it; NULL is an empty field, an empty text one in quotes. */
export function csvOf({ columns, rows }: QueryResult): string {
  const field = (value: unknown) => {
    if (value === null) return "";
    const text = textOf(value);
    return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns.map(({ name }) => name), ...rows]
    .map((row) => row.map(field).join(","))
    .join("\r\n")
    .concat("\r\n");
}

export function jsonOf({ columns, rows }: QueryResult): string {
  const objects = rows.map((row) => Object.fromEntries(columns.map(({ name }, index) => [name, row[index]])));
  return `${JSON.stringify(objects, null, 2)}\n`;
}

export function download(name: string, type: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
