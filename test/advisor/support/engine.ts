import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { MeasureTools } from "../../../src/advisor/measure.js";
import { zstdMeasure } from "../../../src/advisor/zstd.js";
import { MIB } from "../../../src/core/limits.js";
import { type ConversionEngine, openConversionEngine } from "../../../src/delivery/engine.js";
import { nodeDisk } from "../../../src/disk/node-disk.js";

export interface AdvisorBench {
  readonly engine: ConversionEngine;
  readonly tools: MeasureTools;
  readonly directory: string;
}

/** A real conversion engine in a folder of its own, and what columns are measured with. */
export async function advisorBench(): Promise<AdvisorBench> {
  const directory = await mkdtemp(join(tmpdir(), "penstock-advisor-"));
  const engine = await openConversionEngine({
    memoryBytesMax: 256 * MIB,
    threads: 2,
    temporaryDirectory: join(directory, "spill"),
    temporaryBytesMax: 1024 * MIB,
    gate: (work) => work(),
  });
  onTestFinished(async () => {
    await engine.close();
    await rm(directory, { recursive: true, force: true });
  });
  const zstd = zstdMeasure(engine, nodeDisk(), join(directory, "zstd"));
  return { engine, directory, tools: { zstd, pause: async () => {} } };
}

/** Three million real flights, by date: date, delay, distance, origin, destination. */
export const FLIGHTS = fileURLToPath(
  new URL("../../../node_modules/vega-datasets/data/flights-3m.parquet", import.meta.url),
);

/** Flights as VALUES of SQL: some from all over the year, in their order. */
export async function flightRows(engine: ConversionEngine, rows: number): Promise<string[]> {
  const found: string[] = [];
  const step = Math.floor(3_000_000 / rows);
  await engine.session((session) =>
    session.read(
      `SELECT format('(''{}'', {}, {}, ''{}'', ''{}'')', date, coalesce(delay::VARCHAR, 'NULL'), distance, origin, destination)
         FROM (SELECT *, file_row_number AS n FROM read_parquet('${FLIGHTS}', file_row_number = true))
        WHERE n % ${step} = 0 ORDER BY n LIMIT ${rows}`,
      (chunk) => {
        for (const [row] of chunk) found.push(String(row));
      },
    ),
  );
  return found;
}

/** The same as records of a stream. */
export async function flightRecords(engine: ConversionEngine, rows: number): Promise<string[]> {
  const found: string[] = [];
  const step = Math.floor(3_000_000 / rows);
  await engine.session((session) =>
    session.read(
      `SELECT to_json({flown_at: date, delay: delay, distance: distance, origin: origin, destination: destination})::VARCHAR
         FROM (SELECT *, file_row_number AS n FROM read_parquet('${FLIGHTS}', file_row_number = true))
        WHERE n % ${step} = 0 ORDER BY n LIMIT ${rows}`,
      (chunk) => {
        for (const [row] of chunk) found.push(String(row));
      },
    ),
  );
  return found;
}
