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

/** Where no answer names a sequence: each acked record is there, and none more often than it was sent. */
export async function expectEachThere(
  instance: PenstockProcess,
  table: string,
  acked: readonly Acked[],
  sent: ReadonlyMap<number, number>,
): Promise<void> {
  const { rows, truncated } = await instance.query(`select id, count(*) from ${table} group by id`);
  expect(truncated).toBe(false);
  const found = new Map(rows.map(([id, count]) => [Number(id), Number(count)]));
  const wrong = [
    ...acked.filter(({ id }) => !found.has(id)).map(({ id }) => `${table} has not got the acked ${id}`),
    ...[...found].filter(([id, count]) => count > (sent.get(id) ?? 0)).map(([id]) => `${table} has ${id} too often`),
  ];
  expect(wrong.slice(0, 20), `${wrong.length} records of ${table}`).toEqual([]);
}

/** Of a table that deduplicates: one row of each key that was acked, by its first, or its newest, record in the order of the table's own rule. */
export async function expectEachKeyOnce(
  instance: PenstockProcess,
  table: string,
  acked: readonly Acked[],
  keyOf: (id: number) => number,
  submitted: ReadonlySet<number>,
): Promise<void> {
  const { rows, truncated } = await instance.query(`select key, id from ${table}`);
  expect(truncated).toBe(false);
  const keys = rows.map(([key]) => Number(key));
  expect(new Set(keys).size, `rows of one key in ${table}`).toBe(keys.length);
  const wrong = rows.filter(([key, id]) => keyOf(Number(id)) !== Number(key) || !submitted.has(Number(id)));
  expect(wrong, `rows of ${table} that nobody sent`).toEqual([]);
  const there = new Set(keys);
  expect(
    [...new Set(acked.map(({ id }) => keyOf(id)))].filter((key) => !there.has(key)),
    `keys of ${table}`,
  ).toEqual([]);
}
