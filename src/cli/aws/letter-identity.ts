/** What a line of a dead letter's object is called in the warehouse: as src/warehouse/redshift/letter-steps.ts makes it of the same line. */
import { createHash } from "node:crypto";
import type { TableModel } from "../../definition/model.js";
import type { DeadLetterRow } from "../../delivery/dead-letter-file.js";
import { CUT_RAW_BYTES, FIREHOSE_SHARD } from "../../warehouse/redshift/letter-steps.js";

export function letterId(table: TableModel, line: Partial<DeadLetterRow>): string {
  const { shardId, stream, sequenceNumber, rowIndex = 0 } = line;
  if (shardId === undefined) {
    const raw = (line.rawData ?? "").slice(0, CUT_RAW_BYTES);
    const digest = createHash("md5").update(`${line.arrivalTimestamp} ${raw}`).digest("hex");
    return `${line.table ?? table.name}/${FIREHOSE_SHARD}/${digest}/${rowIndex}`;
  }
  const shard = table.sources.length > 1 && !shardId.includes(":") ? `${stream}:${shardId}` : shardId;
  return `${line.table ?? table.name}/${shard}/${sequenceNumber}/${rowIndex}`;
}
