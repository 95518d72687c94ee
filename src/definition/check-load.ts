/** `load`: which way a table's rows come into the warehouse, and what cannot be together with it. */
import type { LoadMode, StreamModel, TableModel } from "./model.js";
import { type Problems, readWord, show } from "./problems.js";

export const LOAD_MODES: readonly LoadMode[] = ["copy", "auto-copy", "streaming", "external"];

/** Undefined for "copy": so a definition that never heard of `load` is the same as one that names its default. */
export function checkLoadWord(path: string, given: unknown, problems: Problems): Exclude<LoadMode, "copy"> | undefined {
  if (given === undefined) return undefined;
  const word = readWord(path, given, LOAD_MODES, problems);
  return word === "copy" ? undefined : word;
}

/** What a mode cannot do with the rest of the table, each at the option that is in its way. */
export function checkLoad(
  path: string,
  table: TableModel,
  streams: (name: string) => StreamModel | undefined,
  problems: Problems,
): void {
  if (table.load === undefined) return;
  const clash = (at: string, because: string) =>
    problems.add(`${path}.${at}`, `cannot be with load: "${table.load}": ${because}`);
  if (table.dedupe !== undefined) {
    clash("dedupe", 'rows are only ever added, and compared with none; use load: "copy", or dedupe in a view.');
  }
  if (table.load === "external") checkExternal(table, clash);
  if (table.load === "streaming") checkStreaming(table, streams, clash);
}

type Clash = (at: string, because: string) => void;

function checkExternal(table: TableModel, clash: Clash): void {
  checkKeys(
    table,
    "rows stay in the lake, which has no keys; deliver.partitionBy is what narrows a query there.",
    clash,
  );
  if (table.deliver.fileFormat !== "parquet") {
    clash(
      "deliver.format",
      `${show(table.deliver.fileFormat)} keeps no types; an external table is read from Parquet.`,
    );
  }
}

function checkStreaming(table: TableModel, streams: (name: string) => StreamModel | undefined, clash: Clash): void {
  if (table.transform !== undefined)
    clash("transform", 'Redshift reads the stream itself, where no JavaScript runs; use load: "copy".');
  if (table.format.kind === "csv") clash("format", "Redshift reads JSON out of a stream, and no CSV.");
  else if (table.format.unknownFields !== "ignore") {
    clash("format.unknownFields", 'nothing looks at fields that no column takes; it must be "ignore".');
  }
  if (table.sources.length > 1) clash("from", "a materialized view reads one stream; make a table for each.");
  for (const name of table.sources) {
    if (streams(name)?.kind === "direct-put") {
      clash("from", `${show(name)} is fed through Firehose alone; Redshift reads a Kinesis stream.`);
    }
  }
  checkKeys(table, "the view over the stream keeps whole records, in the order of their arrival.", clash);
  if (table.deliver.partitionBy.length > 0) {
    clash("deliver.partitionBy", "the lake is a copy that no query reads; leave its objects by the hour.");
  }
  for (const column of table.columns) {
    if (column.path.some((segment) => segment !== segment.toLowerCase())) {
      clash(`columns.${column.name}.path`, "Redshift looks a field's name up in lower case.");
    }
    if (column.timeFormat !== undefined) {
      clash(`columns.${column.name}.format`, "Redshift casts the record's own text, which must be ISO 8601.");
    }
    if (column.default !== undefined) {
      clash(`columns.${column.name}.default`, "a view cannot tell a field that is not there from one that is null.");
    }
  }
}

function checkKeys(table: TableModel, because: string, clash: Clash): void {
  if (table.distKey !== undefined) clash("distKey", because);
  else if (table.distStyle !== "auto") clash("distStyle", because);
  if (table.sortKey !== undefined) clash("sortKey", because);
  for (const { name, encode } of table.columns) if (encode !== undefined) clash(`columns.${name}.encode`, because);
}
