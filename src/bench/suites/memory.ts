import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runLoad } from "../support/load.js";
import { startPenstock } from "../support/penstock-process.js";
import { mebibytes, type Suite, scaleOf, thousands, waitUntil } from "../support/suite.js";

const STEPS = 5;
const POLL_MS = 100;
const LOADED_WITHIN_MS = 600_000;

export const memory: Suite = {
  name: "memory",
  about:
    "Records (five million, or --scale) put at full speed while they are delivered and loaded, a fifth at a time: the rate at which they are taken, and the process's resident memory after each fifth. " +
    "Neither may depend on the stream's length.",
  run: async (options) => {
    const { folder, say, progress } = options;
    const recordsAStep = Math.ceil(scaleOf(options, 5_000_000, 500_000) / STEPS);
    const definition = fileURLToPath(new URL("../definitions/quotes.js", import.meta.url));
    const instance = await startPenstock({ definition, data: join(folder, "memory") });
    const load = { stream: "quotes", connections: 8, recordBytes: 220, keys: "unique" } as const;
    const measured: { records: number; rate: number; rss: number; peak: number }[] = [];
    const measure = (records: number, rate: number) => {
      const { rssBytes, peakBytes } = instance.memory();
      measured.push({ records, rate, rss: mebibytes(rssBytes), peak: mebibytes(peakBytes) });
    };
    try {
      for (let step = 1; step <= STEPS; step++) {
        const { recordsPerSecond } = await runLoad({ ...load, port: Number(instance.aws.port), records: recordsAStep });
        measure(recordsAStep * step, recordsPerSecond);
        progress(step / STEPS);
        say(`${thousands(recordsAStep * step)} records: ${measured.at(-1)!.rss} MiB`);
      }
      const isLoaded = async () => {
        const [quotes] = (await instance.status()).tables;
        return quotes?.lagRecords === 0 && quotes.loadsPending === 0;
      };
      await waitUntil(isLoaded, POLL_MS, LOADED_WITHIN_MS);
      const { peakBytes } = instance.memory();
      return {
        columns: ["records so far", "records/s", "memory, MiB", "peak memory, MiB"],
        rows: measured.map(({ records, rate, rss, peak }) => [thousands(records), thousands(rate), rss, peak]),
        charts: [
          {
            kind: "lines",
            title: "Memory while records come in",
            unit: "MiB",
            xUnit: "million records",
            series: [{ name: "memory", points: measured.map(({ records, rss }) => ({ x: records / 1e6, y: rss })) }],
          },
        ],
        findings: [
          { name: "peak memory", value: mebibytes(peakBytes), unit: "MiB", target: "under 700" },
          {
            name: "rate of the last fifth, against the first's",
            value: measured.at(-1)!.rate / measured[0]!.rate,
            unit: "x",
          },
        ],
      };
    } finally {
      await instance.kill();
    }
  },
};
