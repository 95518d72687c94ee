/** New objects into executions of the load's state machine. */
import { createHash } from "node:crypto";
import type { TableModel } from "../definition/model.js";
import { SOURCES_MAX } from "../warehouse/redshift/statements.js";
import { lettersPrefix, redrivePrefix, tablePrefix } from "./folders.js";
import type { LoadInput, NewObject } from "./load-step.js";

export interface LoadExecution {
  readonly name: string;
  readonly input: LoadInput;
}

/** What a state machine carries from state to state may have 256 KB: keys twice, and the statements, which name them once more. */
export const EXECUTION_OBJECTS_MAX = 32;

/** An S3 event as EventBridge sends it, the body of a message of the queue; undefined for any other text, and for an object without a byte. */
export function newObjectOf(body: string): (NewObject & { readonly bucket: string }) | undefined {
  let event: unknown;
  try {
    event = JSON.parse(body);
  } catch {
    return undefined;
  }
  const detail = (event as { detail?: Record<string, Record<string, unknown>> } | null)?.detail;
  const { name } = detail?.bucket ?? {};
  const { key, size } = detail?.object ?? {};
  if (typeof name !== "string" || typeof key !== "string" || typeof size !== "number") return undefined;
  return { bucket: name, key, sizeBytes: size };
}

/** `occasion` tells one delivery of an event from another: what comes again with the same gets the same names, and starts nothing. */
export function planExecutions(
  tables: readonly TableModel[],
  objects: readonly NewObject[],
  occasion: string,
): readonly LoadExecution[] {
  return tables.flatMap((table) => {
    // Rows of an object that is not Parquet are counted by nobody, so that each needs a COPY of its own; so do letters, which must name their object.
    const most = table.deliver.fileFormat === "parquet" ? EXECUTION_OBJECTS_MAX : SOURCES_MAX;
    return [
      // Rows of the others are loaded by Redshift itself, or not at all; their letters are not.
      ...(table.load === undefined
        ? [...executionsOf(table, tablePrefix(table), most), ...executionsOf(table, redrivePrefix(table), SOURCES_MAX)]
        : []),
      ...executionsOf(table, lettersPrefix(table), SOURCES_MAX),
    ];
  });

  function executionsOf(table: TableModel, prefix: string, most: number): LoadExecution[] {
    const own = new Map(objects.filter(({ key }) => key.startsWith(prefix)).map((object) => [object.key, object]));
    const sorted = [...own.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
    const executions: LoadExecution[] = [];
    for (let first = 0; first < sorted.length; first += most) {
      const some = sorted.slice(first, first + most).map(({ key, sizeBytes }) => ({ key, sizeBytes }));
      const digest = createHash("sha256")
        .update(JSON.stringify([occasion, some.map(({ key }) => key)]))
        .digest("hex")
        .slice(0, 32);
      // A name of an execution may have 80 characters.
      executions.push({ name: `${table.name.slice(0, 40)}-${digest}`, input: { table: table.name, objects: some } });
    }
    return executions;
  }
}
