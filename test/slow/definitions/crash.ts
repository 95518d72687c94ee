import { bigint, csv, directPut, integer, json, pipeline, stream, table, varchar } from "penstock";

const events = stream("events", { shards: 3 });

const keyed = stream("keyed", { shards: 2 });

/**
 * Of everything something: tables that share a stream, one filtered, one in partitions; CSV; two that deduplicate, each the other way; one fed
 * through Firehose. Buffers so small that every stage is always at work.
 */
export default pipeline("crash", {
  tables: [
    table("events", {
      from: events,
      format: json(),
      columns: { id: bigint().notNull(), parity: varchar(4).notNull(), filling: varchar(2000) },
      deliver: { bufferMiB: 1, bufferSeconds: 1 },
    }),
    table("odd_events", {
      from: events,
      format: json(),
      where: { parity: "odd" },
      columns: { id: bigint().notNull() },
      deliver: { bufferMiB: 1, bufferSeconds: 0 },
    }),
    table("parted_events", {
      from: events,
      format: json(),
      columns: { id: bigint().notNull(), parity: varchar(4).notNull() },
      deliver: { bufferMiB: 1, bufferSeconds: 1, partitionBy: ["parity"] },
    }),
    table("newest", {
      from: keyed,
      format: json(),
      columns: { id: bigint().notNull(), key: integer().notNull() },
      dedupe: { by: "key", keep: "latest" },
      deliver: { bufferMiB: 1, bufferSeconds: 0 },
    }),
    table("oldest", {
      from: keyed,
      format: json(),
      columns: { id: bigint().notNull(), key: integer().notNull() },
      dedupe: { by: "key", keep: "first" },
      deliver: { bufferMiB: 1, bufferSeconds: 1 },
    }),
    table("direct", {
      from: directPut(),
      format: json(),
      columns: { id: bigint().notNull(), filling: varchar(2000) },
      deliver: { bufferMiB: 1, bufferSeconds: 1 },
    }),
    table("lines", {
      from: stream("lines", { shards: 1 }),
      format: csv(),
      columns: { id: bigint().notNull(), filling: varchar(2000) },
      deliver: { bufferMiB: 1, bufferSeconds: 1 },
    }),
  ],
});
