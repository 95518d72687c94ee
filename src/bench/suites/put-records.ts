import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createStream, findKinesalite, startKinesalite } from "../support/kinesalite.js";
import { type LoadOptions, type LoadResult, runLoad } from "../support/load.js";
import { startPenstock } from "../support/penstock-process.js";
import { median, type Suite, thousands } from "../support/suite.js";

const definition = (name: string) => fileURLToPath(new URL(`../definitions/${name}.js`, import.meta.url));

const SHAPE = { connections: 8, recordBytes: 220 } as const;
const SHARDS = 4;
const ROUNDS = 3;
/** Each server gets as many as take it some seconds; a rate does not depend on it. */
const RECORDS_PENSTOCK = 1_500_000;
const RECORDS_KINESALITE = 30_000;

export const putRecords: Suite = {
  name: "put-records",
  about:
    "PutRecords of 500 records of 220 bytes from another process, 4 shards, 8 connections. Penstock syncs to disk before each answer, kinesalite keeps its data in memory. " +
    "Runs alternate, each on a fresh server; medians. `delivering`: the same while Penstock also delivers and loads what comes in.",
  run: async ({ folder, quick, say, progress }) => {
    const program = findKinesalite(folder);
    const rounds = quick ? 1 : ROUNDS;
    const share = quick ? 0.1 : 1;
    const results = new Map<string, LoadResult[]>();
    const keep = (name: string, result: LoadResult) => {
      results.set(name, [...(results.get(name) ?? []), result]);
      say(`${name}: ${thousands(result.recordsPerSecond)} records/s`);
    };
    for (let round = 0; round < rounds; round++) {
      for (const keys of ["few", "unique"] as const) {
        const data = join(folder, `${round}-${keys}`);
        const records = RECORDS_PENSTOCK * share;
        keep(`penstock, ${keys} keys`, await penstock("quiet", data, { ...SHAPE, keys, records }));
        if (program === undefined) continue;
        const few = { ...SHAPE, keys, records: RECORDS_KINESALITE * share };
        keep(`kinesalite, ${keys} keys`, await kinesalite(program, few));
      }
      const data = join(folder, `${round}-delivering`);
      const load = { ...SHAPE, keys: "unique", records: RECORDS_PENSTOCK * share } as const;
      keep("penstock, unique keys, delivering", await penstock("quotes", data, load));
      progress((round + 1) / rounds);
    }
    const rate = (name: string) => median(results.get(name)!.map(({ recordsPerSecond }) => recordsPerSecond));
    const ratio = (keys: string) => rate(`penstock, ${keys} keys`) / rate(`kinesalite, ${keys} keys`);
    return {
      columns: ["server", "records/s", "request p50, ms", "request p99, ms", "load generator's CPU"],
      rows: [...results].map(([name, runs]) => [
        name,
        thousands(rate(name)),
        median(runs.map(({ latencyMsP50 }) => latencyMsP50)).toFixed(1),
        median(runs.map(({ latencyMsP99 }) => latencyMsP99)).toFixed(1),
        `${Math.round(median(runs.map(({ cpuMs, tookMs }) => (cpuMs / tookMs) * 100)))} %`,
      ]),
      findings:
        program === undefined
          ? [{ name: "records a second", value: Math.round(rate("penstock, unique keys")), unit: "records/s" }]
          : [
              { name: "times kinesalite's rate, few keys", value: ratio("few"), unit: "x", target: "at least 10" },
              {
                name: "times kinesalite's rate, unique keys",
                value: ratio("unique"),
                unit: "x",
                target: "at least 10",
              },
            ],
      notes: program === undefined ? ["kinesalite could not be installed (npm): left out."] : [],
      charts: [
        {
          kind: "bars",
          title: "PutRecords",
          unit: "records/s",
          series: ["records/s"],
          groups: [...results.keys()].map((name) => ({ label: name, values: [rate(name)] })),
        },
      ],
    };
  },
};

type Load = Omit<LoadOptions, "port" | "stream">;

async function penstock(name: "quiet" | "quotes", data: string, load: Load): Promise<LoadResult> {
  const instance = await startPenstock({ definition: definition(name), data });
  try {
    const port = Number(instance.aws.port);
    const stream = name === "quotes" ? "quotes" : "bench";
    if (name === "quiet") await createStream(port, stream, SHARDS);
    return await runLoad({ ...load, port, stream });
  } finally {
    await instance.kill();
  }
}

async function kinesalite(program: string, load: Load): Promise<LoadResult> {
  const server = await startKinesalite(program);
  try {
    await createStream(server.port, "bench", SHARDS);
    return await runLoad({ ...load, port: server.port, stream: "bench" });
  } finally {
    await server.stop();
  }
}
