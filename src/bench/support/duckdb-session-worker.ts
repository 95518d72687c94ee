/**
 * DuckDB alone in a process of its own, statement by statement: a line {"sql": ...} in, a line {"ms": ..., "rows": [...]} or {"error": ...} out.
 * Rows are made into JavaScript's values within the time that is told, as whoever has asked in-process wants them.
 */
import { createInterface } from "node:readline";
import { DuckDBInstance } from "@duckdb/node-api";
import type { DuckDbOptions } from "./duckdb-session.js";

const options = JSON.parse(process.argv[2]!) as DuckDbOptions;
const settings = {
  ...(options.memoryMiB === undefined ? {} : { memory_limit: `${options.memoryMiB}MiB` }),
  // As Penstock makes its own database.
  storage_compatibility_version: "v1.3.0",
};
const instance = await DuckDBInstance.create(options.database, settings);
const connection = await instance.connect();
await connection.run("SET TimeZone = 'UTC'");

for await (const line of createInterface({ input: process.stdin })) {
  const { sql } = JSON.parse(line) as { readonly sql: string };
  try {
    const start = performance.now();
    const rows = (await connection.runAndReadAll(sql)).getRowsJS();
    const ms = performance.now() - start;
    const texts = rows.map((row) => row.map((value) => (value instanceof Date ? value.toISOString() : String(value))));
    process.stdout.write(`${JSON.stringify({ ms, rows: texts })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: String(error) })}\n`);
  }
}
connection.closeSync();
instance.closeSync();
