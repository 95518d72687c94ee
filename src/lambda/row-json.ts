/**
 * A decoded row as the JSON that Firehose converts to Parquet by the Glue table, and that COPY reads where the lake has JSON.
 *
 * Numbers go as number tokens with every digit that the codec kept; times as `YYYY-MM-DD HH:MM:SS[.ffffff]`, which Hive's reader takes without a
 * list of formats; TIME and SUPER as text (definition/types.ts).
 */
import type { TableModel } from "../definition/model.js";
import { timestampText } from "../delivery/codec/temporal.js";

export interface RowIdentity {
  /** As in `_shard_id`. */
  readonly shardId: string;
  /** The service's, 56 digits; text, since no integer type holds it. */
  readonly sequenceNumber: string;
  readonly rowIndex: number;
  readonly arrivedAtMs: number;
}

/** Names of the columns whose value has no word in JSON: NaN and the infinities. */
export function unspeakable(table: TableModel, cells: readonly (string | null)[]): string | undefined {
  const index = table.columns.findIndex(
    ({ type }, at) => (type.kind === "real" || type.kind === "double") && /^(NaN|-?Infinity)$/.test(cells[at] ?? ""),
  );
  return table.columns[index]?.name;
}

/** One line, without its end. */
export function rowJson(table: TableModel, identity: RowIdentity, cells: readonly (string | null)[]): string {
  const fields = [
    `"_shard_id":${JSON.stringify(identity.shardId)}`,
    `"_sequence_number":${JSON.stringify(identity.sequenceNumber)}`,
    `"_row_index":${identity.rowIndex}`,
    `"_arrived_at":${JSON.stringify(arrivedText(identity.arrivedAtMs))}`,
  ];
  for (const [index, { name, type }] of table.columns.entries()) {
    const cell = cells[index] ?? null;
    // The reader takes NULL from a field that is not there, which costs nothing to send.
    if (cell === null) continue;
    fields.push(`${JSON.stringify(name)}:${isBare(type.kind) ? cell : JSON.stringify(cell)}`);
  }
  return `{${fields.join(",")}}`;
}

const BARE: ReadonlySet<string> = new Set(["smallint", "integer", "bigint", "decimal", "real", "double", "boolean"]);

function isBare(kind: string): boolean {
  return BARE.has(kind);
}

function arrivedText(atMs: number): string {
  const epochSeconds = Math.floor(atMs / 1000);
  return timestampText({ epochSeconds, micros: Math.round((atMs - epochSeconds * 1000) * 1000) });
}
