/** The data that the warehouse's suites work with, as files in a folder: real flights where they are there, and made ones. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";

export const FLIGHTS = 3_000_000;

const FLIGHTS_FILE = join("node_modules", "vega-datasets", "data", "flights-3m.parquet");

/** Three million US flights, from the package vega-datasets; undefined where neither the program's folder nor one above has it installed. */
function realFlights(): string | undefined {
  for (const start of [fileURLToPath(new URL(".", import.meta.url)), process.cwd()]) {
    for (let folder = start; ; folder = dirname(folder)) {
      const path = join(folder, FLIGHTS_FILE);
      if (existsSync(path)) return path;
      if (dirname(folder) === folder) break;
    }
  }
  return undefined;
}

const AIRPORTS = 330;
/** The first half of 2001, as the real ones. */
const SECONDS = 181 * 86_400;

/**
 * DuckDB's text of so many flights: the real ones as long as there are enough, else made ones whose airports, distances and delays are spread in
 * the manner of the real ones (a few airports with most flights, a few flights with most delay). The same number makes the same flights.
 */
export function flightsQuery(rows: number): { readonly sql: string; readonly real: boolean } {
  const real = realFlights();
  if (real !== undefined && rows <= FLIGHTS) {
    const typed = "date, delay::SMALLINT AS delay, distance::SMALLINT AS distance, origin, destination";
    return { sql: `SELECT ${typed} FROM read_parquet('${real.replaceAll("'", "''")}') LIMIT ${rows}`, real: true };
  }
  const random = (salt: number) => `(hash(n * 8 + ${salt}) / 18446744073709551615.0)`;
  const airport = (salt: number) => `(pow(${random(salt)}, 3) * ${AIRPORTS})::INTEGER`;
  const name = (number: string) =>
    `chr(65 + ${number} % 26) || chr(65 + (${number} // 26) % 26) || chr(65 + (${number} * 7) % 26)`;
  return {
    sql: `SELECT TIMESTAMP '2001-01-01' + to_seconds((n::DOUBLE / ${rows} * ${SECONDS / 60})::BIGINT * 60) AS date,
      (pow(${random(1)}, 6) * 300 - 15)::SMALLINT AS delay, (80 + pow(${random(2)}, 2) * 2700)::SMALLINT AS distance,
      ${name(airport(3))} AS origin, ${name(airport(4))} AS destination FROM range(${rows}) AS r(n)`,
    real: false,
  };
}

export const FLIGHTS_TABLE =
  "date timestamp, delay smallint, distance smallint, origin varchar(3), destination varchar(3)";

/** Quotes of a market: a symbol, prices with four places, sizes, a moment, a text. */
export function quotesQuery(rows: number): string {
  return `SELECT n::BIGINT AS id, 'S' || (hash(n) % 500) AS symbol, (100 + (hash(n + 1) % 4000000) / 10000)::DECIMAL(12,4) AS bid,
    (100.01 + (hash(n + 1) % 4000000) / 10000)::DECIMAL(12,4) AS ask, (1 + hash(n + 2) % 900)::INTEGER AS bid_size, (1 + hash(n + 3) % 900)::INTEGER AS ask_size,
    TIMESTAMP '2026-01-05 09:30:00' + to_microseconds(n * 997) AS quoted_at, 'venue ' || (hash(n + 4) % 40) AS venue FROM range(${rows}) AS r(n)`;
}

export const QUOTES_TABLE =
  "id bigint, symbol varchar(12), bid decimal(12,4), ask decimal(12,4), bid_size integer, ask_size integer, quoted_at timestamp, venue varchar(40)";

/** Runs statements of DuckDB's in memory: to write files. Answers the last one's rows. */
export async function withDuckDb(...statements: readonly string[]): Promise<readonly (readonly unknown[])[]> {
  const engine = await DuckDBInstance.create(":memory:");
  const connection = await engine.connect();
  try {
    let rows: readonly (readonly unknown[])[] = [];
    for (const sql of statements) rows = (await connection.runAndReadAll(sql)).getRowsJS();
    return rows;
  } finally {
    connection.closeSync();
    engine.closeSync();
  }
}
