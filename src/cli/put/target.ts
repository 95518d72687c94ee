import { PenstockError } from "../../core/errors.js";
import type { ColumnModel, CsvFormat, PipelineModel, StreamModel, TableModel } from "../../definition/model.js";

/** What `put`'s argument means: a stream by name, or the one stream that a table takes from. */
export interface Target {
  readonly stream: string;
  /** `direct-put` goes through Firehose. */
  readonly kind: "kinesis" | "direct-put";
  /** How its readers want their records; rows that are not text yet are written so. */
  readonly format: "json" | CsvFormat;
  /** The columns of the table that reads it, for types and for positions; empty where nobody does, or several do. */
  readonly columns: readonly ColumnModel[];
}

type Streams = readonly Pick<StreamModel, "name" | "kind">[];

export function resolveTarget(name: string, model: Pick<PipelineModel, "name" | "tables">, streams: Streams): Target {
  const table = model.tables.find((one) => one.name === name);
  const stream = streams.find((one) => one.name === name);
  if (stream === undefined && table === undefined) {
    throw new PenstockError(
      "not-found",
      `The pipeline ${model.name} has neither a stream nor a table ${JSON.stringify(name)}.`,
      {
        hint: `Streams: ${list(streams)}. Tables: ${list(model.tables)}.`,
      },
    );
  }
  if (stream !== undefined) return { stream: name, kind: stream.kind, ...readers(name, model) };
  const [source] = table!.sources;
  if (source === undefined || table!.sources.length > 1) {
    throw new PenstockError("invalid-argument", `The table ${name} takes from several streams.`, {
      hint: `Name the one to put into: ${table!.sources.join(", ")}.`,
    });
  }
  const kind = streams.find((one) => one.name === source)?.kind ?? "kinesis";
  return { stream: source, kind, ...shape(table!) };
}

function readers(stream: string, model: Pick<PipelineModel, "tables">): Pick<Target, "format" | "columns"> {
  const tables = model.tables.filter((table) => table.sources.includes(stream));
  const [only] = tables;
  if (only !== undefined && tables.length === 1) return shape(only);
  // Several readers of one stream must agree on what a record is; then any of them tells it, but not the columns.
  return only === undefined ? { format: "json", columns: [] } : { ...shape(only), columns: [] };
}

function shape(table: TableModel): Pick<Target, "format" | "columns"> {
  return { format: table.format.kind === "csv" ? table.format : "json", columns: table.columns };
}

function list(named: readonly { readonly name: string }[]): string {
  return named.length === 0 ? "none" : named.map((one) => one.name).join(", ");
}
