/**
 * What ingest is held against: DuckDB alone, in a process of its own, reading the same lines into a table of a database on disk.
 *
 *     node duckdb-worker.js '{"ndjson":..., "database":..., "columns":{...}}'   ->  {"tookMs":..., "rows":..., "peakBytes":...}
 */
import { DuckDBInstance } from "@duckdb/node-api";
import { memoryOf } from "./memory-of.js";

const options = JSON.parse(process.argv[2]!) as {
  readonly ndjson: string;
  readonly database: string;
  readonly columns: Readonly<Record<string, string>>;
};
const engine = await DuckDBInstance.create(options.database);
const connection = await engine.connect();
const columns = Object.entries(options.columns).map(([name, type]) => `${name}: '${type}'`);
const start = performance.now();
await connection.run(
  `CREATE TABLE flights AS SELECT * FROM read_json('${options.ndjson}', format = 'newline_delimited', columns = {${columns.join(", ")}})`,
);
const tookMs = performance.now() - start;
const rows = Number((await connection.runAndReadAll("SELECT count(*) FROM flights")).getRows()[0]![0]);
connection.closeSync();
engine.closeSync();
process.stdout.write(`${JSON.stringify({ tookMs, rows, peakBytes: memoryOf(process.pid).peakBytes })}\n`);
