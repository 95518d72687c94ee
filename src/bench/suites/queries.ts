import { join } from "node:path";
import { QUESTIONS, sameRows } from "../support/analysis.js";
import { openDuckDb } from "../support/duckdb-session.js";
import { FLIGHTS, FLIGHTS_TABLE, flightsQuery, withDuckDb } from "../support/made.js";
import { startPostgres } from "../support/postgres.js";
import { median, type Suite, scaleOf, thousands } from "../support/suite.js";
import { penstockTarget } from "../support/target.js";

const ROUNDS = 25;
const ROUNDS_QUICK = 3;
/** PostgreSQL's times are long and even. */
const ROUNDS_POSTGRES = 3;
/** What Penstock's warehouse has by default. */
const MEMORY_MIB = 160;

export const queries: Suite = {
  name: "queries",
  about:
    "Ten analytical queries on the flights: over the wire from Penstock, in-process from DuckDB with the same rows in a table of the same columns on disk, and over the wire from PostgreSQL. " +
    "The three take turns, round after round; medians of the rounds. The answers must be the same.",
  run: async (options) => {
    const { folder, quick, say, progress } = options;
    const rows = scaleOf(options, FLIGHTS, 200_000);
    const rounds = quick ? ROUNDS_QUICK : ROUNDS;
    const { sql: flights, real } = flightsQuery(rows);
    const found = await startPostgres(folder);
    const { postgres } = found;
    const penstock = await penstockTarget(folder);
    const duckdb = openDuckDb({ database: join(folder, "raw.duckdb"), memoryMiB: MEMORY_MIB });
    try {
      const parquet = join(folder, "flights.parquet");
      await withDuckDb(`COPY (${flights}) TO '${parquet}' (FORMAT parquet)`);
      await penstock.put("flights.parquet", parquet);
      await penstock.run(`CREATE TABLE flights (${FLIGHTS_TABLE})`);
      await penstock.run(`COPY flights FROM '${penstock.url("flights.parquet")}' ${penstock.role} FORMAT AS PARQUET`);
      await duckdb.run(`CREATE TABLE flights (${FLIGHTS_TABLE})`);
      await duckdb.run(`INSERT INTO flights SELECT * FROM read_parquet('${parquet}')`);
      await duckdb.run("CHECKPOINT");
      if (postgres !== undefined) {
        const csv = join(postgres.inbox, "flights.csv");
        await withDuckDb(`COPY (${flights}) TO '${csv}' (FORMAT csv, HEADER false)`);
        postgres.share(csv);
        await postgres.client.query(`CREATE TABLE flights (${FLIGHTS_TABLE})`);
        await postgres.client.query(`COPY flights FROM '${csv}' (FORMAT csv)`);
        await postgres.client.query("CREATE INDEX ON flights (date)");
        await postgres.client.query("CREATE INDEX ON flights (origin)");
        await postgres.client.query("VACUUM ANALYZE flights");
      }
      say(`${thousands(rows)} flights loaded`);
      const table: (string | number)[][] = [];
      const times: { ours: number; duck: number; postgres: number | undefined }[] = [];
      for (const [index, { name, sql }] of QUESTIONS.entries()) {
        const text = sql("flights");
        const ours: number[] = [];
        const ducks: number[] = [];
        const postgreses: number[] = [];
        // One round before, which counts for nothing.
        for (let round = -1; round < rounds; round++) {
          const mine = await penstock.run(text);
          const theirs = await duckdb.run(text);
          if (round === -1 && sameRows(mine.rows) !== sameRows(theirs.rows)) throw differ(name, "DuckDB");
          if (round >= 0) {
            ours.push(mine.ms);
            ducks.push(theirs.ms);
          }
          if (postgres === undefined || round >= ROUNDS_POSTGRES) continue;
          const start = performance.now();
          const { rows: others } = await postgres.client.query(text);
          if (round >= 0) postgreses.push(performance.now() - start);
          else if (sameRows(mine.rows) !== sameRows(others)) throw differ(name, "PostgreSQL");
        }
        const time = {
          ours: median(ours),
          duck: median(ducks),
          postgres: postgres === undefined ? undefined : median(postgreses),
        };
        times.push(time);
        table.push([
          name,
          time.ours.toFixed(1),
          time.duck.toFixed(1),
          (time.ours / time.duck).toFixed(2),
          ...(time.postgres === undefined ? [] : [time.postgres.toFixed(1), (time.postgres / time.ours).toFixed(1)]),
        ]);
        say(`${name}: ${time.ours.toFixed(1)} ms, ${(time.ours / time.duck).toFixed(2)} times DuckDB's time`);
        progress((index + 1) / QUESTIONS.length);
      }
      const total = (of: (time: (typeof times)[number]) => number) => times.reduce((sum, time) => sum + of(time), 0);
      const ours = total((time) => time.ours);
      const against = total((time) => time.duck);
      const slower = times.flatMap((time) => (time.postgres === undefined ? [] : [time.postgres / time.ours]));
      return {
        columns: [
          "query",
          "penstock, ms",
          "duckdb, ms",
          "times duckdb's",
          ...(postgres === undefined ? [] : ["postgresql, ms", "times faster"]),
        ],
        rows: table,
        findings: [
          { name: "times DuckDB's time, all ten together", value: ours / against, unit: "x", target: "at most 1.15" },
          {
            name: "times DuckDB's time, the middle query",
            value: median(times.map(({ ours: one, duck }) => one / duck)),
            unit: "x",
          },
          {
            name: "times DuckDB's time, the worst query",
            value: Math.max(...times.map(({ ours: one, duck }) => one / duck)),
            unit: "x",
          },
          ...(slower.length === 0
            ? []
            : [
                {
                  name: "times faster than PostgreSQL, all ten together",
                  value: total((time) => time.postgres ?? 0) / ours,
                  unit: "x",
                  target: "at least 10",
                },
                { name: "times faster than PostgreSQL, the middle query", value: median(slower), unit: "x" },
                { name: "times faster than PostgreSQL, the worst query", value: Math.min(...slower), unit: "x" },
              ]),
        ],
        notes: [
          `${thousands(rows)} flights, ${real ? "real ones (vega-datasets)" : "made ones"}; ${rounds} rounds, ${ROUNDS_POSTGRES} of PostgreSQL, one before that does not count.`,
          penstock.about,
          `DuckDB: the same release, in a process of its own, memory_limit = ${MEMORY_MIB} MiB as Penstock's warehouse has; from the call to the last value in JavaScript.`,
          postgres === undefined ? found.why : `${postgres.about} Indexes on date and on origin. Over the same wire.`,
        ],
        charts: [
          {
            kind: "bars",
            title: "Ten queries on the flights",
            unit: "ms",
            logarithmic: true,
            series: ["penstock", "duckdb", ...(postgres === undefined ? [] : ["postgresql"])],
            groups: QUESTIONS.map(({ name }, index) => {
              const time = times[index]!;
              return {
                label: name,
                values: [time.ours, time.duck, ...(time.postgres === undefined ? [] : [time.postgres])],
              };
            }),
          },
        ],
      };
    } finally {
      await Promise.all([penstock.close(), duckdb.close(), postgres?.stop()]);
    }
  },
};

function differ(query: string, other: string): Error {
  return new Error(`Penstock and ${other} do not give the same answer: ${query}.`);
}
