import { bigint, csv, json, pipeline, stream, table, varchar } from "penstock";

const events = stream("events", { shards: 3 });

/** Two tables from one stream, one of them filtered, and a CSV table beside them; buffers so small that every stage is always at work. */
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
    table("lines", {
      from: stream("lines", { shards: 1 }),
      format: csv(),
      columns: { id: bigint().notNull(), filling: varchar(2000) },
      deliver: { bufferMiB: 1, bufferSeconds: 1 },
    }),
  ],
});
