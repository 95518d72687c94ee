import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { tracked } from "../support/children.js";
import { QUOTES_TABLE, quotesQuery, withDuckDb } from "../support/made.js";
import { mebibytes, median, type Suite, scaleOf, thousands } from "../support/suite.js";
import { penstockTarget } from "../support/target.js";
import { wireClient } from "../support/wire-client.js";

const ROUNDS = 5;
const WATCH_MS = 10;

export const results: Suite = {
  name: "results",
  about:
    "SELECT of a million rows of eight columns, streamed to psql, which prints them (to our own client where there is no psql): the growth of the server's resident memory while it runs, " +
    `looked at every ${WATCH_MS} ms, over what it was before the first.`,
  run: async (options) => {
    const { folder, quick, say, progress } = options;
    const rows = scaleOf(options, 1_000_000, 100_000);
    const rounds = quick ? 2 : ROUNDS;
    const penstock = await penstockTarget(folder);
    try {
      const parquet = join(folder, "quotes.parquet");
      await withDuckDb(`COPY (${quotesQuery(rows)}) TO '${parquet}' (FORMAT parquet)`);
      await penstock.put("quotes.parquet", parquet);
      await penstock.run(`CREATE TABLE quotes (${QUOTES_TABLE})`);
      await penstock.run(`COPY quotes FROM '${penstock.url("quotes.parquet")}' ${penstock.role} FORMAT AS PARQUET`);
      const port = Number(penstock.instance.sql.port);
      const before = penstock.instance.memory().rssBytes;
      const runs: { ms: number; bytes: number; grownBytes: number }[] = [];
      let client = "psql";
      for (let round = 0; round < rounds; round++) {
        let peak = before;
        const watch = setInterval(() => {
          peak = Math.max(peak, penstock.instance.memory().rssBytes);
        }, WATCH_MS);
        try {
          const start = performance.now();
          const bytes = (await readByPsql(port)) ?? (await readByOurs(port));
          client = bytes.client;
          runs.push({ ms: performance.now() - start, bytes: bytes.bytes, grownBytes: peak - before });
        } finally {
          clearInterval(watch);
        }
        const last = runs.at(-1)!;
        say(`${Math.round(last.ms)} ms, ${mebibytes(last.bytes)} MiB sent, grown by ${mebibytes(last.grownBytes)} MiB`);
        progress((round + 1) / rounds);
      }
      const most = Math.max(...runs.map(({ grownBytes }) => grownBytes));
      const ms = median(runs.map((run) => run.ms));
      return {
        columns: ["round", "ms", "rows/s", "MiB", "memory grown by, MiB"],
        rows: runs.map((run, index) => [
          index + 1,
          Math.round(run.ms),
          thousands((rows / run.ms) * 1000),
          mebibytes(run.bytes),
          mebibytes(run.grownBytes),
        ]),
        findings: [
          { name: "the server's memory grows by at most", value: mebibytes(most), unit: "MiB", target: "under 100" },
          { name: "rows a second", value: Math.round((rows / ms) * 1000), unit: "rows/s" },
        ],
        notes: [`${thousands(rows)} rows, read by ${client}; the server stands at ${mebibytes(before)} MiB before.`],
      };
    } finally {
      await penstock.close();
    }
  },
};

interface Read {
  readonly bytes: number;
  readonly client: string;
}

/** Undefined where there is no psql. */
async function readByPsql(port: number): Promise<Read | undefined> {
  const child = spawn(
    "psql",
    ["-X", "-qAt", "-h", "127.0.0.1", "-p", String(port), "-U", "penstock", "-c", "SELECT * FROM quotes", "penstock"],
    // FETCH_COUNT is left alone: psql asks for all at once, as it does by default.
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let bytes = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
  });
  try {
    const ended = once(child, "close");
    tracked(child);
    const [code] = (await ended) as [number | null];
    if (code !== 0) throw new Error(`psql ended with code ${code}.`);
    return { bytes, client: "psql" };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function readByOurs(port: number): Promise<Read> {
  const client = await wireClient({ port, user: "penstock", database: "penstock" });
  try {
    const { bytes } = await client.query("SELECT * FROM quotes", { count: true });
    return { bytes, client: "a client of our own, for there is no psql" };
  } finally {
    client.close();
  }
}
