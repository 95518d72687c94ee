import {
  bigint,
  boolean,
  csv,
  date,
  decimal,
  doublePrecision,
  integer,
  json,
  pipeline,
  smallint,
  stream,
  table,
  timestamptz,
  varchar,
} from "penstock";

/** A column of each kind that a record can be wrong about. */
export default pipeline("hostile", {
  tables: [
    table("typed", {
      from: stream("typed", { shards: 2 }),
      format: json(),
      columns: {
        id: bigint().notNull(),
        name: varchar(10),
        small: smallint(),
        amount: decimal(8, 2),
        ratio: doublePrecision(),
        flag: boolean(),
        day: date(),
        at: timestamptz(),
      },
      deliver: { bufferSeconds: 1 },
    }),
    table("lines", {
      from: stream("lines"),
      format: csv(),
      columns: { id: bigint().notNull(), name: varchar(10), small: integer() },
      deliver: { bufferSeconds: 1 },
    }),
  ],
});
