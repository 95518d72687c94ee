import { join } from "node:path";
import { QUESTIONS, sameRows } from "../support/analysis.js";
import { FLIGHTS, FLIGHTS_TABLE, flightsQuery, withDuckDb } from "../support/made.js";
import { type RedshiftOptions, redshiftTarget } from "../support/redshift-target.js";
import { median, type Suite, scaleOf, thousands } from "../support/suite.js";
import { penstockTarget, type Target } from "../support/target.js";
import { copyMatrix, matrixResult } from "./copy.js";

const ROUNDS = 5;

/** COPY and the ten queries on a real Redshift, and the queries on Penstock beside it: the answers are compared. */
export function redshiftSuite(options: RedshiftOptions): Suite {
  return {
    name: "redshift",
    about:
      "The ten queries on the flights and COPY of quotes by format, compression and objects, on a Redshift through the Data API. Beside it the queries on Penstock on this machine: " +
      "other hardware, so that the times say nothing of each other; that the answers are the same does.",
    run: async (suite) => {
      const { folder, quick, say, progress } = suite;
      const rows = scaleOf(suite, FLIGHTS, 20_000);
      const rounds = quick ? 1 : ROUNDS;
      const redshift = await redshiftTarget(options);
      const penstock = await penstockTarget(folder);
      const flights = `${redshift.prefix}flights`;
      try {
        const parquet = join(folder, "flights.parquet");
        await withDuckDb(`COPY (${flightsQuery(rows).sql}) TO '${parquet}' (FORMAT parquet)`);
        const copied = await load(redshift, flights, parquet, "SORTKEY (date)");
        await load(penstock, "flights", parquet, "SORTKEY (date)");
        say(`${thousands(rows)} flights loaded in ${Math.round(copied)} ms`);
        const table: (string | number)[][] = [];
        for (const [index, { name, sql }] of QUESTIONS.entries()) {
          const theirs: number[] = [];
          const ours: number[] = [];
          for (let round = -1; round < rounds; round++) {
            const one = await redshift.run(sql(flights));
            const other = await penstock.run(sql("flights"));
            if (round >= 0) {
              theirs.push(one.ms);
              ours.push(other.ms);
            } else if (sameRows(one.rows) !== sameRows(other.rows)) {
              throw new Error(`Penstock and Redshift do not give the same answer: ${name}.`);
            }
          }
          table.push([name, median(theirs).toFixed(1), median(ours).toFixed(1)]);
          say(`${name}: ${median(theirs).toFixed(1)} ms`);
          progress(((index + 1) / QUESTIONS.length) * 0.5);
        }
        const runs = await copyMatrix(redshift, folder, scaleOf(suite, 1_000_000, 2_000), {
          rounds: 1,
          say,
          progress: (share) => progress(0.5 + share / 2),
        });
        return {
          columns: ["query", "redshift, ms", "penstock here, ms"],
          rows: table,
          findings: [{ name: "COPY of the flights on Redshift", value: copied, unit: "ms" }],
          ...matrixResult(runs),
          notes: [`${thousands(rows)} flights, ${rounds} rounds.`, redshift.about, penstock.about],
        };
      } finally {
        await redshift.run(`DROP TABLE IF EXISTS ${flights}`).catch(() => undefined);
        await redshift.run(`DROP TABLE IF EXISTS ${redshift.prefix}quotes`).catch(() => undefined);
        await Promise.all([redshift.close(), penstock.close()]);
      }
    },
  };
}

async function load(target: Target, table: string, parquet: string, attributes: string): Promise<number> {
  await target.put("flights.parquet", parquet);
  await target.run(`CREATE TABLE ${table} (${FLIGHTS_TABLE}) ${attributes}`);
  const from = target.url("flights.parquet");
  return (await target.run(`COPY ${table} FROM '${from}' ${target.role} FORMAT AS PARQUET`)).ms;
}
