import { bigint, pipeline, stream, table, varchar } from "../../index.js";

/** As fresh as a second's buffer lets it be. */
export default pipeline("events", {
  tables: [
    table("events", {
      from: stream("events"),
      columns: { id: bigint().notNull(), payload: varchar(400) },
      deliver: { bufferSeconds: 1 },
    }),
  ],
});
