import { RECORD_KIB_DEFAULT } from "../core/limits.js";
import type { PipelineModel, StreamModel } from "../definition/model.js";
import type { Stream, StreamStore } from "../stream/stream.js";

/**
 * Makes the store's streams those of the definition: creates what is missing, takes over retention and shard count where the definition has
 * changed them. Streams that the definition does not name (made through the API, or once defined) stay as they are, and may be deleted.
 *
 * `before` is the definition that was in force; a count that somebody changed through the API holds until the definition itself changes.
 */
export async function defineStreams(
  store: StreamStore,
  model: PipelineModel,
  before: PipelineModel | undefined,
): Promise<void> {
  for (const wanted of model.streams) {
    const stream = store.find(wanted.name);
    if (stream === undefined) await createStream(store, wanted);
    else
      await adjustStream(
        stream,
        wanted,
        before?.streams.find(({ name }) => name === wanted.name),
      );
  }
  const defined = new Set(model.streams.map(({ name }) => name));
  for (const stream of store.streams()) {
    if (stream.attributes.defined && !defined.has(stream.name)) await stream.update({ defined: false });
  }
}

async function createStream(store: StreamStore, wanted: StreamModel): Promise<void> {
  await store.create({
    name: wanted.name,
    kind: wanted.kind,
    shards: wanted.shards,
    attributes: {
      status: "ACTIVE",
      mode: "PROVISIONED",
      retentionHours: wanted.retentionHours,
      maxRecordKiB: RECORD_KIB_DEFAULT,
      tags: {},
      encryption: { type: "NONE" },
      shardMetrics: [],
      consumers: [],
      defined: true,
    },
  });
}

async function adjustStream(stream: Stream, wanted: StreamModel, before: StreamModel | undefined): Promise<void> {
  const open = stream.shards.filter((shard) => shard.closedAtMs === undefined).length;
  const resized = wanted.shards !== before?.shards && wanted.shards !== open;
  const retained = wanted.retentionHours !== before?.retentionHours;
  if (!resized && !retained && stream.attributes.defined) return;
  await stream.update({
    defined: true,
    ...(retained ? { retentionHours: wanted.retentionHours } : {}),
    // The Kinesis door carries out what it finds pending, as it does after a restart.
    ...(resized ? { status: "UPDATING" as const, pending: { kind: "resize" as const, target: wanted.shards } } : {}),
  });
}
