import { pipeline, smallint, stream, table, timestamp, varchar } from "penstock";

/** Every column of the source, as it stands there. */
export default pipeline("flights", {
  tables: [
    table("flights", {
      from: stream("flights", { shards: 4 }),
      columns: {
        date: timestamp().notNull(),
        delay: smallint(),
        distance: smallint(),
        origin: varchar(3).notNull(),
        destination: varchar(3).notNull(),
      },
      deliver: { bufferMiB: 64, bufferSeconds: 2 },
    }),
  ],
});
