import {
  bigint,
  csv,
  date,
  day,
  decimal,
  integer,
  json,
  pipeline,
  stream,
  table,
  timestamptz,
  varchar,
} from "penstock";

/** Quotes of SPY, a few hundred a second. They are simulated: demo.ts makes them up. */
export const quotes = table("quotes", {
  from: stream("quotes", { shards: 2, retentionHours: 24 }),
  format: json(),
  columns: {
    symbol: varchar(12).notNull(),
    bid: decimal(12, 4).notNull(),
    ask: decimal(12, 4).notNull(),
    bid_size: integer(),
    ask_size: integer(),
    quoted_at: timestamptz().notNull(),
  },
  distKey: "symbol",
  sortKey: ["symbol", "quoted_at"],
  // Short, so that a newcomer sees rows at once. On AWS, larger objects cost less: 60 seconds and 64 MiB unless given.
  deliver: { bufferSeconds: 1, partitionBy: day("quoted_at") },
});

/** Real daily prices of the S&P 500 index, a CSV line a record. However often a day is sent, it is one row. */
export const dailyPrices = table("daily_prices", {
  from: stream("daily-prices"),
  format: csv(),
  columns: {
    trade_date: date().notNull(),
    open_price: decimal(12, 6),
    high_price: decimal(12, 6),
    low_price: decimal(12, 6),
    close_price: decimal(12, 6),
    adjusted_close: decimal(12, 6),
    volume: bigint(),
  },
  distStyle: "all",
  sortKey: "trade_date",
  dedupe: { by: "trade_date", keep: "first" },
  deliver: { bufferSeconds: 2 },
});

export default pipeline("market", {
  tables: [quotes, dailyPrices],
  charts: [
    {
      title: "SPY, bid and ask: simulated quotes",
      sql: `
        select date_trunc('second', quoted_at) as second, cast(avg(bid) as double precision) as bid, cast(avg(ask) as double precision) as ask
        from quotes
        where symbol = 'SPY' and quoted_at > (select max(quoted_at) from quotes) - interval '5 minutes'
        group by 1 order by 1`,
      x: "second",
      y: ["bid", "ask"],
      unit: "USD",
    },
  ],
});
