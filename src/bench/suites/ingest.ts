import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FLIGHTS_COLUMNS, writeFlights } from "../support/flights.js";
import { createStream } from "../support/kinesalite.js";
import { runLoad, runScript } from "../support/load.js";
import { FLIGHTS } from "../support/made.js";
import { type PenstockProcess, startPenstock } from "../support/penstock-process.js";
import { mebibytes, median, type Suite, scaleOf, thousands, waitUntil } from "../support/suite.js";

const definition = (name: string) => fileURLToPath(new URL(`../definitions/${name}.js`, import.meta.url));
const ROUNDS = 3;
const POLL_MS = 25;

interface Baseline {
  readonly tookMs: number;
  readonly rows: number;
  readonly peakBytes: number;
}

export const ingest: Suite = {
  name: "ingest",
  about:
    "Three million flights (or --scale), a JSON line a record, already in the journal: from the ready line to all rows committed in the warehouse (decoded, checked, written as Parquet, loaded, in the ledger). " +
    "Against DuckDB alone, in its own process, with CREATE TABLE AS SELECT FROM read_json of the same lines into a database on disk. `by hand` is DuckDB taking the pipeline's way: the lines, with the four columns of a row's identity, into a Parquet file (zstd), and from that into the table. Runs alternate; medians.",
  run: async (options) => {
    const { folder, quick, say, progress } = options;
    const rounds = quick ? 1 : ROUNDS;
    const flights = scaleOf(options, FLIGHTS, 200_000);
    const ndjson = join(folder, "flights.ndjson");
    await writeFlights(ndjson, flights);
    const ours: { tookMs: number; fromStartMs: number; peakBytes: number }[] = [];
    const raw: Baseline[] = [];
    const byHand: Baseline[] = [];
    for (let round = 0; round < rounds; round++) {
      const data = join(folder, `ingest-${round}`);
      await fillJournal(data, ndjson);
      ours.push(await ingestOnce(data, flights));
      await rm(data, { recursive: true });
      say(`penstock: ${Math.round(ours.at(-1)!.tookMs)} ms, at most ${mebibytes(ours.at(-1)!.peakBytes)} MiB`);
      raw.push(await duckDbAlone({ ndjson, database: join(folder, `raw-${round}.duckdb`) }, flights));
      say(`duckdb: ${Math.round(raw.at(-1)!.tookMs)} ms, at most ${mebibytes(raw.at(-1)!.peakBytes)} MiB`);
      const lake = join(folder, `raw-${round}.parquet`);
      byHand.push(await duckDbAlone({ ndjson, database: join(folder, `hand-${round}.duckdb`), lake }, flights));
      await rm(lake);
      say(`duckdb by hand: ${Math.round(byHand.at(-1)!.tookMs)} ms`);
      progress((round + 1) / rounds);
    }
    const oursMs = median(ours.map(({ tookMs }) => tookMs));
    const rawMs = median(raw.map(({ tookMs }) => tookMs));
    const byHandMs = median(byHand.map(({ tookMs }) => tookMs));
    const fromStartMs = median(ours.map(({ fromStartMs }) => fromStartMs));
    const peak = Math.max(...ours.map(({ peakBytes }) => peakBytes));
    const row = (name: string, ms: number, peakBytes: number) => [
      name,
      Math.round(ms),
      thousands((flights / ms) * 1000),
      mebibytes(peakBytes),
    ];
    return {
      columns: ["what", "ms", "rows/s", "peak memory, MiB"],
      rows: [
        row("penstock, from the ready line", oursMs, peak),
        row("penstock, from the start of the process", fromStartMs, peak),
        row("duckdb alone", rawMs, Math.max(...raw.map(({ peakBytes }) => peakBytes))),
        row("duckdb, the same way by hand", byHandMs, Math.max(...byHand.map(({ peakBytes }) => peakBytes))),
      ],
      findings: [
        { name: "times DuckDB's own time", value: oursMs / rawMs, unit: "x", target: "at most 2" },
        { name: "times DuckDB's time when it takes the same way by hand", value: oursMs / byHandMs, unit: "x" },
        { name: "times DuckDB's own time, from the start of the process", value: fromStartMs / rawMs, unit: "x" },
        { name: "peak memory", value: mebibytes(peak), unit: "MiB", target: "under 700" },
      ],
    };
  },
};

async function duckDbAlone(
  files: { readonly ndjson: string; readonly database: string; readonly lake?: string },
  flights: number,
): Promise<Baseline> {
  const report = await runScript<Baseline>("duckdb-worker.js", JSON.stringify({ ...files, columns: FLIGHTS_COLUMNS }));
  if (report.rows !== flights) throw new Error(`DuckDB read ${report.rows} of ${flights} flights.`);
  await rm(files.database);
  return report;
}

/** The records go into a stream that nobody takes from yet; the pipeline that does is started on it afterwards. */
async function fillJournal(data: string, ndjson: string): Promise<void> {
  const filler = await startPenstock({ definition: definition("flights-waiting"), data });
  const port = Number(filler.aws.port);
  await createStream(port, "flights", 4);
  await runLoad({ port, stream: "flights", connections: 4, records: 0, recordBytes: 0, keys: "few", ndjson });
  const code = await filler.stop();
  if (code !== 0) throw new Error(`The filling process ended with code ${code}:\n${filler.log()}`);
}

async function ingestOnce(data: string, flights: number) {
  const instance = await startPenstock({ definition: definition("flights"), data });
  const readyMs = performance.now();
  try {
    await waitUntil(() => hasLoaded(instance, flights), POLL_MS, 600_000);
    const tookMs = performance.now() - readyMs;
    const rows = Number((await instance.query("select count(*) from flights")).rows[0]![0]);
    if (rows !== flights) throw new Error(`${rows} of ${flights} flights are in the warehouse.`);
    return { tookMs, fromStartMs: tookMs + instance.readyAfterMs, peakBytes: instance.memory().peakBytes };
  } finally {
    await instance.kill();
  }
}

async function hasLoaded(instance: PenstockProcess, rows: number): Promise<boolean> {
  const { tables } = await instance.status();
  return (tables.find(({ name }) => name === "flights")?.rowsLoaded ?? 0) >= rows;
}
