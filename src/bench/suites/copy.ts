import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { openDuckDb } from "../support/duckdb-session.js";
import { FLIGHTS, FLIGHTS_TABLE, flightsQuery, QUOTES_TABLE, quotesQuery, withDuckDb } from "../support/made.js";
import { median, type Suite, type SuiteOptions, scaleOf, thousands } from "../support/suite.js";
import { penstockTarget, type Target } from "../support/target.js";

const ROUNDS = 7;
const MEMORY_MIB = 160;
const FORMATS = ["csv", "json", "parquet"] as const;
const COMPRESSIONS = ["none", "gzip", "zstd"] as const;
type Format = (typeof FORMATS)[number];
type Compression = (typeof COMPRESSIONS)[number];

export interface CopyRun {
  readonly format: Format;
  readonly compression: Compression;
  readonly rows: number;
  readonly objects: number;
  readonly bytes: number;
  readonly ms: number;
}

export const copy: Suite = {
  name: "copy",
  about:
    "COPY of Parquet from a bucket into an empty table, against DuckDB's own INSERT ... FROM read_parquet of the same file into a table of the same columns on disk, in turn. " +
    "Then COPY of quotes (eight columns: numbers, decimals, moments, texts) by format, compression, number of objects and their size.",
  run: async (options) => {
    const { folder, quick, say, progress } = options;
    const penstock = await penstockTarget(folder);
    try {
      const rounds = quick ? 3 : ROUNDS;
      const flights = scaleOf(options, FLIGHTS, 200_000);
      const pairs = await againstDuckDb(options, penstock, flights, rounds);
      progress(0.3);
      const runs = await copyMatrix(penstock, folder, scaleOf(options, 1_000_000, 20_000), {
        rounds: quick ? 1 : 3,
        say,
        progress: (share) => progress(0.3 + 0.7 * share),
      });
      const ratio = median(pairs.map(({ ours, duck }) => ours / duck));
      return {
        columns: ["COPY of flights as Parquet", "ms", "rows/s"],
        rows: (["ours", "duck"] as const).map((side) => {
          const ms = median(pairs.map((pair) => pair[side]));
          return [side === "ours" ? "penstock" : "duckdb", Math.round(ms), thousands((flights / ms) * 1000)];
        }),
        findings: [
          { name: "COPY of Parquet, times DuckDB's time", value: ratio, unit: "x", target: "at most 1.3" },
          ...FORMATS.filter((format) => format !== "parquet").map((format) => ({
            name: `COPY of ${format.toUpperCase()}, rows a second`,
            value: Math.round(fastest(runs, format)),
            unit: "rows/s",
          })),
        ],
        ...matrixResult(runs),
        notes: [
          `${thousands(flights)} flights in one object; ${rounds} rounds; the ratio is the median of the rounds' own.`,
          "Both sides commit to a file on disk. DuckDB: memory_limit = 160 MiB as Penstock's warehouse has.",
          `The second table: medians of ${quick ? 1 : 3} rounds. The bytes are those of the objects as they lie in the bucket.`,
        ],
      };
    } finally {
      await penstock.close();
    }
  },
};

/** The second half of a result: shared with the suite of a real Redshift. */
export function matrixResult(runs: readonly CopyRun[]) {
  const full = Math.max(...runs.map(({ rows }) => rows));
  const one = runs.filter(({ rows, objects }) => rows === full && objects === 1);
  return {
    more: [
      {
        title: "COPY by format, compression, objects and their size",
        columns: ["format", "compression", "rows", "objects", "KiB an object", "ms", "rows/s", "MiB/s"],
        rows: runs.map(({ format, compression, rows, objects, bytes, ms }) => [
          format,
          compression,
          thousands(rows),
          objects,
          thousands(bytes / objects / 1024),
          Math.round(ms),
          thousands((rows / ms) * 1000),
          (bytes / 1024 / 1024 / (ms / 1000)).toFixed(1),
        ]),
      },
    ],
    charts: [
      {
        kind: "bars" as const,
        title: `COPY of ${thousands(full)} rows in one object`,
        unit: "rows/s",
        series: [...COMPRESSIONS],
        groups: FORMATS.map((format) => ({
          label: format,
          values: COMPRESSIONS.map((compression) => {
            const run = one.find((found) => found.format === format && found.compression === compression);
            return run === undefined ? undefined : (run.rows / run.ms) * 1000;
          }),
        })),
      },
    ],
  };
}

function fastest(runs: readonly CopyRun[], format: Format): number {
  return Math.max(...runs.filter((run) => run.format === format).map(({ rows, ms }) => (rows / ms) * 1000));
}

async function againstDuckDb({ folder, say }: SuiteOptions, penstock: Target, flights: number, rounds: number) {
  const parquet = join(folder, "flights.parquet");
  await withDuckDb(`COPY (${flightsQuery(flights).sql}) TO '${parquet}' (FORMAT parquet)`);
  await penstock.put("flights/flights.parquet", parquet);
  const duckdb = openDuckDb({ database: join(folder, "raw.duckdb"), memoryMiB: MEMORY_MIB });
  const pairs: { ours: number; duck: number }[] = [];
  try {
    for (let round = -1; round < rounds; round++) {
      await penstock.run(`CREATE TABLE flights (${FLIGHTS_TABLE})`);
      const from = penstock.url("flights/");
      const ours = await penstock.run(`COPY flights FROM '${from}' ${penstock.role} FORMAT AS PARQUET`);
      await duckdb.run(`CREATE TABLE flights (${FLIGHTS_TABLE})`);
      const theirs = await duckdb.run(`INSERT INTO flights SELECT * FROM read_parquet('${parquet}')`);
      await penstock.run("DROP TABLE flights");
      await duckdb.run("DROP TABLE flights");
      if (round < 0) continue;
      pairs.push({ ours: ours.ms, duck: theirs.ms });
      say(`parquet: ${Math.round(ours.ms)} ms, DuckDB ${Math.round(theirs.ms)} ms`);
    }
  } finally {
    await duckdb.close();
  }
  return pairs;
}

/** Rows' share of the whole, and in how many objects they lie. */
const SHAPES: readonly { readonly share: number; readonly objects: number }[] = [
  { share: 1, objects: 1 },
  { share: 1, objects: 16 },
  { share: 1, objects: 128 },
  { share: 0.1, objects: 1 },
  { share: 0.1, objects: 16 },
];

/** Each format with each compression in each shape, into an empty table. */
export async function copyMatrix(
  target: Target,
  folder: string,
  rowsMax: number,
  {
    rounds,
    say,
    progress,
  }: {
    readonly rounds: number;
    readonly say: (text: string) => void;
    readonly progress: (share: number) => void;
  },
): Promise<CopyRun[]> {
  const runs: CopyRun[] = [];
  const table = `${target.prefix}quotes`;
  const combinations = SHAPES.flatMap((shape) =>
    FORMATS.flatMap((format) => COMPRESSIONS.map((compression) => ({ ...shape, format, compression }))),
  );
  for (const [index, { share, objects, format, compression }] of combinations.entries()) {
    const rows = Math.round(rowsMax * share);
    const key = `quotes/${format}-${compression}-${rows}-${objects}/`;
    const bytes = await putQuotes(target, key, join(folder, "quotes"), { rows, objects, format, compression });
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      await target.run(`CREATE TABLE ${table} (${QUOTES_TABLE})`);
      const words = copyWords(format, compression);
      times.push((await target.run(`COPY ${table} FROM '${target.url(key)}' ${target.role} ${words}`)).ms);
      const [[loaded] = []] = (await target.run(`SELECT count(*) FROM ${table}`)).rows;
      await target.run(`DROP TABLE ${table}`);
      if (Number(loaded) !== rows) throw new Error(`COPY of ${key} has loaded ${loaded} of ${rows} rows.`);
    }
    const ms = median(times);
    runs.push({ format, compression, rows, objects, bytes, ms });
    say(`${format}, ${compression}, ${thousands(rows)} rows in ${objects}: ${thousands((rows / ms) * 1000)} rows/s`);
    progress((index + 1) / combinations.length);
  }
  return runs;
}

function copyWords(format: Format, compression: Compression): string {
  // Parquet says itself how it is packed.
  if (format === "parquet") return "FORMAT AS PARQUET";
  const packed = compression === "none" ? "" : ` ${compression.toUpperCase()}`;
  return `${format === "csv" ? "CSV" : "JSON 'auto'"}${packed}`;
}

/** Writes the quotes into a folder of the machine, puts them into the bucket; answers their bytes. */
async function putQuotes(
  target: Target,
  key: string,
  folder: string,
  what: {
    readonly rows: number;
    readonly objects: number;
    readonly format: Format;
    readonly compression: Compression;
  },
): Promise<number> {
  const { rows, objects, format, compression } = what;
  await mkdir(folder, { recursive: true });
  try {
    const packed = format === "parquet" && compression === "none" ? "uncompressed" : compression;
    const ending = format === "parquet" || compression === "none" ? "" : compression === "gzip" ? ".gz" : ".zst";
    const words = `FORMAT ${format}, COMPRESSION ${packed}${format === "csv" ? ", HEADER false" : ""}`;
    const statements = Array.from({ length: objects }, (_, index) => {
      const [from, to] = [index, index + 1].map((at) => Math.floor((rows * at) / objects));
      const name = `${String(index).padStart(4, "0")}.${format}${ending}`;
      return `COPY (SELECT * FROM quotes WHERE id >= ${from} AND id < ${to}) TO '${join(folder, name)}' (${words})`;
    });
    await withDuckDb(`CREATE TABLE quotes AS ${quotesQuery(rows)}`, ...statements);
    let bytes = 0;
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      bytes += (await stat(path)).size;
      await target.put(`${key}${name}`, path);
    }
    return bytes;
  } finally {
    await rm(folder, { recursive: true });
  }
}
