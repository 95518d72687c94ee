import { type ColumnModel, METADATA_COLUMNS, type TableModel } from "../../definition/model.js";
import { textLiteral } from "../sql-text.js";
import type { SqlType } from "../types.js";
import type { StoredColumn, StoredRelation } from "./stored.js";

const METADATA_TYPES: Readonly<Record<(typeof METADATA_COLUMNS)[number], SqlType>> = {
  _shard_id: { kind: "varchar", length: 256 },
  _sequence_number: { kind: "bigint" },
  _row_index: { kind: "integer" },
  _arrived_at: { kind: "timestamptz" },
};

export interface PipelineTableOptions {
  /** The table's own name but for a shadow. */
  readonly target: string;
  /** As it is stored already: what users said about it stays. */
  readonly known: StoredRelation | undefined;
  /** For one that is new. */
  readonly oid: number;
  readonly owner: string;
  readonly nowMs: number;
}

/** A table of the pipeline's definition as the catalog keeps it. */
export function pipelineRelation(table: TableModel, options: PipelineTableOptions): StoredRelation {
  const { known, nowMs } = options;
  const sortKey = table.sortKey;
  const own = table.columns.map((column): Omit<StoredColumn, "position"> => {
    const sorted = sortKey?.columns.indexOf(column.name) ?? -1;
    return {
      name: column.name,
      type: column.type,
      notNull: !column.nullable,
      ...(column.default === undefined ? {} : { defaultText: defaultText(column) }),
      ...(column.encode === undefined ? {} : { encoding: column.encode.toLowerCase() }),
      distKey: table.distKey === column.name,
      ...(sorted === -1 ? {} : { sortPosition: sortKey?.style === "interleaved" ? interleaved(sorted) : sorted + 1 }),
    };
  });
  const metadata = METADATA_COLUMNS.map((name) => ({
    name,
    type: METADATA_TYPES[name],
    notNull: false,
    distKey: table.distKey === name,
  }));
  const comments = new Map(known?.columns.map(({ name, comment }) => [name, comment]));
  const columns = [...metadata, ...own].map((column, index): StoredColumn => {
    const comment = comments.get(column.name);
    return { ...column, position: index + 1, ...(comment === undefined ? {} : { comment }) };
  });
  return {
    oid: known?.oid ?? options.oid,
    schema: "public",
    name: options.target,
    kind: "table",
    owner: known?.owner ?? options.owner,
    distStyle: table.distKey === undefined ? table.distStyle : "key",
    sortStyle: sortKey?.style ?? "auto",
    encodeAuto: table.columns.every(({ encode }) => encode === undefined),
    backup: true,
    lateBinding: false,
    autoRefresh: false,
    ...(known?.comment === undefined ? {} : { comment: known.comment }),
    createdAtMs: known?.createdAtMs ?? nowMs,
    changedAtMs: nowMs,
    columns,
    constraints: known?.constraints ?? [],
    reads: [],
  };
}

/** Interleaved keys are equals; the catalog shows that by signs that alternate. */
function interleaved(index: number): number {
  return index % 2 === 0 ? index + 1 : -(index + 1);
}

function defaultText({ default: value }: ColumnModel): string {
  return typeof value === "string" ? textLiteral(value) : String(value);
}
