import { rm } from "node:fs/promises";
import { join } from "node:path";
import { QUOTES_TABLE, quotesQuery, withDuckDb } from "../support/made.js";
import { mebibytes, median, type Suite, scaleOf, thousands } from "../support/suite.js";
import { penstockTarget } from "../support/target.js";

const STEPS = [1, 3, 10, 30, 100].map((millions) => millions * 1_000_000);
const OBJECT_ROWS = 1_000_000;
const ASKED = 5;
const QUERY = "SELECT symbol, count(*), avg(bid), max(ask) FROM quotes GROUP BY symbol ORDER BY 2 DESC, 1 LIMIT 10";
const POINT =
  "SELECT max(bid) FROM quotes WHERE quoted_at >= '2026-01-05 09:31:00' AND quoted_at < '2026-01-05 09:31:10'";

export const growth: Suite = {
  name: "growth",
  about:
    "How cost grows with the rows: quotes of one table, from 1 million to --scale (10 million by default, 100 million at most), loaded by COPY of Parquet, a million rows an object. " +
    "At each size the time of loading what was added, of a query over all rows and of one over ten seconds, and the process's memory.",
  run: async (options) => {
    const { folder, say, progress } = options;
    const most = scaleOf(options, 10_000_000, 100_000);
    const below = most > STEPS[0]! ? STEPS.filter((rows) => rows < most) : [Math.ceil(most / 10)];
    const steps = [...below, Math.min(most, STEPS.at(-1)!)];
    const penstock = await penstockTarget(folder);
    try {
      await penstock.run(`CREATE TABLE quotes (${QUOTES_TABLE})`);
      const measured: { rows: number; copyMs: number; queryMs: number; pointMs: number; rss: number; peak: number }[] =
        [];
      let loaded = 0;
      for (const rows of steps) {
        const added = rows - loaded;
        for (let from = loaded; from < rows; from += OBJECT_ROWS) {
          const to = Math.min(rows, from + OBJECT_ROWS);
          const path = join(folder, "part.parquet");
          await withDuckDb(
            `COPY (SELECT * FROM (${quotesQuery(to)}) WHERE id >= ${from}) TO '${path}' (FORMAT parquet)`,
          );
          await penstock.put(`growth/${rows}/${from}.parquet`, path);
          await rm(path);
        }
        const from = penstock.url(`growth/${rows}/`);
        const copied = await penstock.run(`COPY quotes FROM '${from}' ${penstock.role} FORMAT AS PARQUET`);
        loaded = rows;
        const ask = async (sql: string) => {
          const times: number[] = [];
          for (let round = 0; round < ASKED; round++) times.push((await penstock.run(sql)).ms);
          return median(times);
        };
        const { rssBytes, peakBytes } = penstock.instance.memory();
        measured.push({
          rows,
          copyMs: (copied.ms / added) * 1_000_000,
          queryMs: await ask(QUERY),
          pointMs: await ask(POINT),
          rss: mebibytes(rssBytes),
          peak: mebibytes(peakBytes),
        });
        const last = measured.at(-1)!;
        say(`${thousands(rows)} rows: query ${last.queryMs.toFixed(0)} ms, ${last.rss} MiB`);
        progress(rows / most);
      }
      const first = measured[0]!;
      const last = measured.at(-1)!;
      const times = last.rows / first.rows;
      return {
        columns: [
          "rows",
          "COPY of a million, ms",
          "query over all, ms",
          "query over 10 s, ms",
          "memory, MiB",
          "peak memory, MiB",
        ],
        rows: measured.map((one) => [
          thousands(one.rows),
          Math.round(one.copyMs),
          one.queryMs.toFixed(1),
          one.pointMs.toFixed(1),
          one.rss,
          one.peak,
        ]),
        findings: [
          {
            name: `a query over all rows, at ${times.toFixed(0)} times the rows`,
            value: last.queryMs / first.queryMs,
            unit: "x",
          },
          {
            name: "COPY of a million rows, at the last size against the first",
            value: last.copyMs / first.copyMs,
            unit: "x",
          },
          { name: "memory, at the last size against the first", value: last.rss / first.rss, unit: "x" },
        ],
        charts: [
          line("Query over all rows", "ms", measured, ({ queryMs }) => queryMs),
          line("Memory of the process", "MiB", measured, ({ rss }) => rss),
        ],
        notes: [`Queries: medians of ${ASKED}. ${penstock.about}`],
      };
    } finally {
      await penstock.close();
    }
  },
};

function line<T extends { readonly rows: number }>(
  title: string,
  unit: string,
  of: readonly T[],
  y: (one: T) => number,
) {
  const points = of.map((one) => ({ x: one.rows / 1_000_000, y: y(one) }));
  return { kind: "lines" as const, title, unit, xUnit: "million rows", series: [{ name: title, points }] };
}
