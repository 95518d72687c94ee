/**
 * A table that was set aside: what it would go on by is damaged, and going on could lose or double records. Its deliveries and loads stop,
 * retention keeps all that its streams have, its rows can be queried; every other table goes on.
 */
import type { PenstockError } from "../core/errors.js";
import type { TableModel } from "../definition/model.js";
import type { Delivery, DeliveryState } from "../delivery/delivery.js";
import type { Shard, StreamStore } from "../stream/stream.js";

/** In the place of the delivery that could not be opened. */
export function deliveryAside(table: TableModel, store: StreamStore, error: PenstockError): Delivery {
  const shards = (): Shard[] => table.sources.flatMap((source) => [...(store.find(source)?.shards ?? [])] as Shard[]);
  const reason = asideReason(error);
  return {
    state: (): DeliveryState => ({
      stage: { state: "stopped", reason },
      lagRecords: shards().reduce((sum, shard) => sum + shard.lastSequence - shard.firstSequence + 1, 0),
      bufferBytes: 0,
      bufferAgeMs: 0,
      totals: { rows: 0, dead: 0, filtered: 0 },
      objects: [],
    }),
    flushNow: () => Promise.reject(error),
    results: () => rejecting(error),
    holding: () => Promise.reject(error),
    spread: () => rejecting(error),
    // Nobody knows how far it has come, so retention keeps all.
    firstUndelivered: (stream, number) =>
      shards().find((one) => one.stream.name === stream && one.number === number)?.firstSequence,
    stop: async () => {},
  };
}

export function asideReason({ message, hint }: PenstockError): string {
  return hint === undefined ? message : `${message} ${hint}`;
}

// biome-ignore lint/correctness/useYield: it ends before its first.
async function* rejecting(error: PenstockError): AsyncGenerator<never> {
  throw error;
}
