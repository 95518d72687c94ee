import { expect } from "vitest";
import type { PenstockProcess } from "./penstock-process.js";
import type { Acked } from "./put-client.js";

/** Each acked record is one row, by its identity; every other row is of a record that was sent and whose answer was lost. */
export async function expectEachOnce(
  instance: PenstockProcess,
  table: string,
  acked: readonly Acked[],
  submitted: ReadonlySet<number>,
): Promise<void> {
  const { rows, truncated } = await instance.query(`select _shard_id, _sequence_number, _row_index, id from ${table}`);
  expect(truncated).toBe(false);
  const byIdentity = new Map<string, number>();
  const wrong: string[] = [];
  for (const [shardId, sequence, rowIndex, id] of rows) {
    const identity = `${shardId}/${sequence}/${rowIndex}`;
    if (byIdentity.has(identity)) wrong.push(`${table} has ${identity} twice`);
    if (!submitted.has(Number(id))) wrong.push(`${table} has ${id}, which was never sent`);
    byIdentity.set(identity, Number(id));
  }
  for (const { id, shardId, sequence } of acked) {
    const found = byIdentity.get(`${shardId}/${sequence}/0`);
    if (found !== id) wrong.push(`${table} has ${found} in the place of the acked ${id}: ${shardId} ${sequence}`);
  }
  expect(wrong.slice(0, 20), `${wrong.length} rows of ${table}`).toEqual([]);
  expect(new Set(acked.map(({ id }) => id)).size).toBe(acked.length);
}
