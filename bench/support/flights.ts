import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";

/** Three million US flights, from the package vega-datasets. */
export const FLIGHTS_PARQUET = fileURLToPath(
  new URL("../../node_modules/vega-datasets/data/flights-3m.parquet", import.meta.url),
);

/** The columns of the source with the types that the bench's definition gives them. */
export const FLIGHTS_COLUMNS = {
  date: "TIMESTAMP",
  delay: "SMALLINT",
  distance: "SMALLINT",
  origin: "VARCHAR",
  destination: "VARCHAR",
} as const;

/** Writes the flights, or the first `limit` of them, as JSON, a flight a line. Answers the bytes written. */
export async function writeFlights(path: string, limit?: number): Promise<number> {
  const engine = await DuckDBInstance.create(":memory:");
  const connection = await engine.connect();
  const source = `SELECT * FROM read_parquet('${FLIGHTS_PARQUET}')${limit === undefined ? "" : ` LIMIT ${limit}`}`;
  await connection.run("SET preserve_insertion_order = true");
  await connection.run(`COPY (${source}) TO '${path}' (FORMAT json)`);
  connection.closeSync();
  engine.closeSync();
  return (await stat(path)).size;
}
