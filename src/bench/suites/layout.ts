import { join } from "node:path";
import { FLIGHTS, FLIGHTS_TABLE, flightsQuery, withDuckDb } from "../support/made.js";
import { median, type Suite, scaleOf, thousands } from "../support/suite.js";
import { penstockTarget } from "../support/target.js";

const ROUNDS = 7;

/** One month, of one airport, and of all: what partitions and sort keys are for, and what they are not for. */
const QUERIES = [
  {
    name: "one week",
    where: "date >= '2001-03-05' AND date < '2001-03-12'",
    partition: "month = '2001-03'",
    what: "count(*), avg(CAST(delay AS DOUBLE PRECISION))",
  },
  {
    name: "one month by airport",
    where: "date >= '2001-03-01' AND date < '2001-04-01'",
    partition: "month = '2001-03'",
    what: "origin, count(*), max(delay)",
  },
  { name: "all by airport", where: undefined, partition: undefined, what: "origin, count(*), max(delay)" },
] as const;

export const layout: Suite = {
  name: "layout",
  about:
    "The same three queries on the flights: from a table with a sort key on the date whose rows were sorted (VACUUM's state), from one whose rows came in shuffled, and from the lake as an external table " +
    "of one Parquet object a month, with its partition named and without. In turn; medians.",
  run: async (options) => {
    const { folder, quick, say, progress } = options;
    const rows = scaleOf(options, FLIGHTS, 200_000);
    const rounds = quick ? 3 : ROUNDS;
    const penstock = await penstockTarget(folder);
    try {
      const { sql: flights, real } = flightsQuery(rows);
      const load = async (table: string, attributes: string, order: string) => {
        const path = join(folder, `${table}.parquet`);
        await withDuckDb(`COPY (SELECT * FROM (${flights}) ORDER BY ${order}) TO '${path}' (FORMAT parquet)`);
        await penstock.put(`${table}.parquet`, path);
        await penstock.run(`CREATE TABLE ${table} (${FLIGHTS_TABLE}) ${attributes}`);
        await penstock.run(
          `COPY ${table} FROM '${penstock.url(`${table}.parquet`)}' ${penstock.role} FORMAT AS PARQUET`,
        );
      };
      await load("sorted", "SORTKEY (date)", "date");
      await load("shuffled", "", "hash(date, origin, destination, delay)");
      await makeExternal(penstock.run, penstock.url, penstock.role);
      say(`${thousands(rows)} flights in two tables and in the lake`);
      const table: (string | number)[][] = [];
      const ratios = new Map<string, number>();
      const groups: { label: string; values: (number | undefined)[] }[] = [];
      for (const [index, { name, where, partition, what }] of QUERIES.entries()) {
        const grouped = what.startsWith("origin") ? " GROUP BY 1 ORDER BY 1" : "";
        const text = (from: string, ...conditions: (string | undefined)[]) => {
          const all = conditions.filter((one) => one !== undefined);
          return `SELECT ${what} FROM ${from}${all.length === 0 ? "" : ` WHERE ${all.join(" AND ")}`}${grouped}`;
        };
        const ways = [
          { way: "sorted", sql: text("sorted", where) },
          { way: "shuffled", sql: text("shuffled", where) },
          { way: "lake", sql: text("spectrum.flights", where) },
          ...(partition === undefined
            ? []
            : [{ way: "lake, pruned", sql: text("spectrum.flights", partition, where) }]),
        ];
        const times = new Map<string, number[]>(ways.map(({ way }) => [way, []]));
        let answer: string | undefined;
        for (let round = -1; round < rounds; round++) {
          for (const { way, sql } of ways) {
            const { ms, rows: found } = await penstock.run(sql);
            if (round >= 0) times.get(way)!.push(ms);
            answer ??= JSON.stringify(found);
            if (answer !== JSON.stringify(found)) throw new Error(`${name}: ${way} gives another answer.`);
          }
        }
        const of = (way: string) => (times.has(way) ? median(times.get(way)!) : undefined);
        const values = ["sorted", "shuffled", "lake", "lake, pruned"].map(of);
        table.push([name, ...values.map((value) => (value === undefined ? "-" : value.toFixed(1)))]);
        groups.push({ label: name, values });
        const [sorted, shuffled, lake, pruned] = values;
        ratios.set(`${name}: shuffled rows, times the sorted ones' time`, shuffled! / sorted!);
        ratios.set(`${name}: from the lake, times the loaded table's time`, lake! / sorted!);
        if (pruned !== undefined)
          ratios.set(`${name}: from the lake without its partition, times with it`, lake! / pruned);
        progress((index + 1) / QUERIES.length);
      }
      return {
        columns: ["query", "sorted table, ms", "shuffled table, ms", "lake, ms", "lake with partition, ms"],
        rows: table,
        findings: [...ratios].map(([name, value]) => ({ name, value, unit: "x" })),
        notes: [
          `${thousands(rows)} flights, ${real ? "real ones (vega-datasets)" : "made ones"}; ${rounds} rounds, one before that does not count. ${penstock.about}`,
          "A sort key is an attribute here: rows lie as they came, and Penstock's engine skips what its zone maps tell it to. Sorted data is what VACUUM leaves on Redshift.",
        ],
        charts: [
          {
            kind: "bars",
            title: "The same flights in four layouts",
            unit: "ms",
            series: ["sorted", "shuffled", "lake", "lake, pruned"],
            groups,
          },
        ],
      };
    } finally {
      await penstock.close();
    }
  },
};

/** The flights once more, a Parquet object a month, as Spectrum has them. */
async function makeExternal(
  run: (sql: string) => Promise<{ readonly rows: readonly (readonly unknown[])[] }>,
  url: (key: string) => string,
  role: string,
): Promise<void> {
  const select = "SELECT date, delay, distance, origin, destination, to_char(date, ''YYYY-MM'') AS month FROM sorted";
  await run(`UNLOAD ('${select}') TO '${url("lake/")}' ${role} PARQUET PARTITION BY (month)`);
  await run(
    "CREATE EXTERNAL SCHEMA spectrum FROM DATA CATALOG DATABASE 'bench' IAM_ROLE default CREATE EXTERNAL DATABASE IF NOT EXISTS",
  );
  await run(
    `CREATE EXTERNAL TABLE spectrum.flights (${FLIGHTS_TABLE}) PARTITIONED BY (month char(7)) STORED AS PARQUET LOCATION '${url("lake/")}'`,
  );
  const { rows: months } = await run("SELECT DISTINCT to_char(date, 'YYYY-MM') FROM sorted ORDER BY 1");
  for (const [name] of months) {
    await run(
      `ALTER TABLE spectrum.flights ADD IF NOT EXISTS PARTITION (month='${name}') LOCATION '${url(`lake/month=${name}/`)}'`,
    );
  }
}
