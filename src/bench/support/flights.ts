import { stat } from "node:fs/promises";
import { flightsQuery, withDuckDb } from "./made.js";

/** The columns of the source with the types that the definition gives them. */
export const FLIGHTS_COLUMNS = {
  date: "TIMESTAMP",
  delay: "SMALLINT",
  distance: "SMALLINT",
  origin: "VARCHAR",
  destination: "VARCHAR",
} as const;

/** Writes so many flights as JSON, a flight a line. Answers the bytes written. */
export async function writeFlights(path: string, rows: number): Promise<number> {
  await withDuckDb(
    "SET preserve_insertion_order = true",
    `COPY (${flightsQuery(rows).sql}) TO '${path}' (FORMAT json)`,
  );
  return (await stat(path)).size;
}
