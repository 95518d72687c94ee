/** A row's place among the lake's folders, as the embedded delivery has it (delivery/lake-files.ts). */
import type { TableModel } from "../definition/model.js";
import { evaluatePrefix } from "../delivery/keys.js";

/** Hive's name for the partition of NULLs and of empty text. */
const NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__";
/** A canonical date or timestamp, cut behind the unit. */
const UNIT_CHARS = { year: 4, month: 7, day: 10 } as const;

/** The values as they stand in keys: percent-encoded, and cut where they are too long for a folder's name. */
export function partitionValues(
  table: TableModel,
  cells: readonly (string | null)[],
): Readonly<Record<string, string>> {
  const texts = Object.fromEntries(
    table.deliver.partitionBy.map(({ name, column, unit }) => {
      const text = cells[table.columns.findIndex((one) => one.name === column)] ?? "";
      if (text === "") return [name, NULL_PARTITION];
      if (unit === "value") return [name, text];
      return [name, unit === "hour" ? `${text.slice(0, 10)}-${text.slice(11, 13)}` : text.slice(0, UNIT_CHARS[unit])];
    }),
  );
  return Object.fromEntries(
    Object.keys(texts).map((name) => [name, evaluatePrefix(`!{partitionKeyFromQuery:${name}}`, 0, texts)]),
  );
}
