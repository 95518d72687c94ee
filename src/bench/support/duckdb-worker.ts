/**
 * What ingest is held against: DuckDB alone, in a process of its own, reading the same lines into a table of a database on disk.
 *
 *     node duckdb-worker.js '{"ndjson":..., "database":..., "columns":{...}}'   ->  {"tookMs":..., "rows":..., "peakBytes":...}
 *
 * With `"lake": FILE` it goes the way of the pipeline by hand: the lines, with four columns more, into a Parquet file, and from there into the table.
 */
import { DuckDBInstance } from "@duckdb/node-api";
import { memoryOf } from "./memory-of.js";

const options = JSON.parse(process.argv[2]!) as {
  readonly ndjson: string;
  readonly database: string;
  readonly columns: Readonly<Record<string, string>>;
  readonly lake?: string;
};
const engine = await DuckDBInstance.create(options.database);
const connection = await engine.connect();
const columns = Object.entries(options.columns).map(([name, type]) => `${name}: '${type}'`);
const lines = `read_json('${options.ndjson}', format = 'newline_delimited', columns = {${columns.join(", ")}})`;
/** The lines alone do not say where they came from: values of the types and the variety that a row's identity has. */
const IDENTITY = `'shardId-00000000000' || (distance & 3) AS _shard_id, epoch_ms(date) + delay AS _sequence_number, 0::INTEGER AS _row_index, date::TIMESTAMPTZ AS _arrived_at`;

const start = performance.now();
if (options.lake === undefined) {
  await connection.run(`CREATE TABLE flights AS SELECT * FROM ${lines}`);
} else {
  await connection.run(
    `COPY (SELECT ${IDENTITY}, * FROM ${lines}) TO '${options.lake}' (FORMAT parquet, COMPRESSION zstd)`,
  );
  await connection.run(`CREATE TABLE flights AS SELECT * FROM read_parquet('${options.lake}')`);
}
const tookMs = performance.now() - start;
const rows = Number((await connection.runAndReadAll("SELECT count(*) FROM flights")).getRows()[0]![0]);
connection.closeSync();
engine.closeSync();
process.stdout.write(`${JSON.stringify({ tookMs, rows, peakBytes: memoryOf(process.pid).peakBytes })}\n`);
