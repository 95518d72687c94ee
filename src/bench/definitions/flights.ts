import { bigint, pipeline, smallint, stream, table, timestamp, varchar } from "../../index.js";

/** The flights as they stand in the source: nothing left out, nothing computed. */
export default pipeline("flights", {
  tables: [
    table("idle", { from: stream("idle"), columns: { id: bigint() } }),
    table("flights", {
      from: stream("flights", { shards: 4 }),
      columns: {
        date: timestamp(),
        delay: smallint(),
        distance: smallint(),
        origin: varchar(3),
        destination: varchar(3),
      },
      deliver: { bufferMiB: 64, bufferSeconds: 1 },
    }),
  ],
});
