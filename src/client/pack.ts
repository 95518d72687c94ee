import { encodeKpl, KPL_OVERHEAD_BYTES, kplRecordBytes } from "../core/kpl.js";
import type { WireRecord } from "./transport.js";

/** What waits to be sent: one row's bytes. */
export interface Packable {
  readonly data: Uint8Array;
  readonly partitionKey: string;
  /** Data and key, as the service counts them. */
  readonly sizeBytes: number;
}

/** One record of the wire with the entries that are in it, in their order in the aggregate. */
export interface Packed<E> {
  readonly record: WireRecord;
  readonly members: readonly E[];
}

export interface PackLimits {
  readonly countMax: number;
  readonly bytesMax: number;
  /** The largest aggregate; undefined sends each entry as a record of its own. */
  readonly aggregateBytesMax: number | undefined;
}

/**
 * Takes from the front of the queue what fits into one request; at least one entry of a queue that has any.
 *
 * Only entries of one partition key share an aggregate. An aggregate goes to the shard of its own key, and the KCL drops those records of it
 * whose keys belong to another shard; with one key that cannot happen, whatever is split or merged meanwhile.
 */
export function packRequest<E extends Packable>(
  queue: readonly E[],
  limits: PackLimits,
): { packed: Packed<E>[]; taken: number } {
  const groups: { members: E[]; bytes: number }[] = [];
  const openGroups = new Map<string, { members: E[]; bytes: number }>();
  let bytes = 0;
  let taken = 0;
  for (const entry of queue) {
    const group = limits.aggregateBytesMax === undefined ? undefined : openGroups.get(entry.partitionKey);
    const grownBytes = kplRecordBytes(entry.data.length, 0);
    if (group && group.bytes + grownBytes <= limits.aggregateBytesMax!) {
      if (bytes + grownBytes > limits.bytesMax) break;
      group.members.push(entry);
      group.bytes += grownBytes;
      bytes += grownBytes;
    } else {
      const keyBytes = entry.sizeBytes - entry.data.length;
      // The key counts twice for an aggregate: in its table, and as the record's own.
      const aggregateBytes = KPL_OVERHEAD_BYTES + kplRecordBytes(entry.data.length, keyBytes) + keyBytes;
      const entryBytes = limits.aggregateBytesMax === undefined ? entry.sizeBytes : aggregateBytes;
      if (taken > 0 && (groups.length >= limits.countMax || bytes + entryBytes > limits.bytesMax)) break;
      const fresh = { members: [entry], bytes: entryBytes };
      groups.push(fresh);
      openGroups.set(entry.partitionKey, fresh);
      bytes += entryBytes;
    }
    taken++;
  }
  return { packed: groups.map(({ members }) => packed(members)), taken };
}

function packed<E extends Packable>(members: readonly E[]): Packed<E> {
  const [first] = members;
  const { partitionKey } = first!;
  // An aggregate of one would only be larger.
  const data = members.length === 1 ? first!.data : encodeKpl(members);
  return { record: { data, partitionKey }, members };
}
