import { decimal, integer, pipeline, stream, table, timestamptz, varchar } from "../../index.js";

/** The load generator's records, delivered and loaded while they come in. */
export default pipeline("quotes", {
  tables: [
    table("quotes", {
      from: stream("quotes", { shards: 4 }),
      columns: {
        symbol: varchar(12).notNull(),
        bid: decimal(12, 4),
        ask: decimal(12, 4),
        bid_size: integer(),
        ask_size: integer(),
        quoted_at: timestamptz(),
        venue: varchar(200),
      },
      deliver: { bufferMiB: 64, bufferSeconds: 5 },
    }),
  ],
});
