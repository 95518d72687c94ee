import { integer, json, month, pipeline, stream, table, timestamp, varchar } from "penstock";

/** Three million flights within the United States, January to June 2001, with how late each was. */
export const flights = table("flights", {
  from: stream("flights", { shards: 4 }),
  format: json(),
  columns: {
    /** Local time of the scheduled departure: no zone. */
    date: timestamp().notNull(),
    /** Minutes late at the destination; less than 0 is early. */
    delay: integer(),
    /** Miles. */
    distance: integer(),
    origin: varchar(3).notNull(),
    destination: varchar(3).notNull(),
  },
  distKey: "origin",
  sortKey: ["date"],
  deliver: { bufferMiB: 64, bufferSeconds: 5, partitionBy: month("date") },
});

export default pipeline("flights", {
  tables: [flights],
  charts: [
    {
      title: "Mean delay by day",
      sql: "select date_trunc('day', date) as day, avg(delay) as delay from flights group by 1 order by 1",
      x: "day",
      y: "delay",
      unit: "minutes",
    },
  ],
});
