import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runLoad } from "../support/load.js";
import { startPenstock } from "../support/penstock-process.js";
import { mebibytes, type Suite, thousands } from "../support/suite.js";

const STEPS = 5;
const RECORDS_A_STEP = 1_000_000;

export const memory: Suite = {
  name: "memory",
  about:
    "Records put at full speed while they are delivered and loaded, a million at a time: the process's resident memory after each. " +
    "It must not grow with the stream.",
  run: async ({ folder, quick, say, progress }) => {
    const definition = fileURLToPath(new URL("../definitions/quotes.js", import.meta.url));
    const instance = await startPenstock({ definition, data: join(folder, "memory") });
    const load = { stream: "quotes", connections: 8, recordBytes: 220, keys: "unique" } as const;
    const rows: (string | number)[][] = [];
    try {
      for (let step = 1; step <= STEPS; step++) {
        const records = quick ? RECORDS_A_STEP / 10 : RECORDS_A_STEP;
        await runLoad({ ...load, port: Number(instance.aws.port), records });
        const { rssBytes, peakBytes } = instance.memory();
        rows.push([thousands(records * step), mebibytes(rssBytes), mebibytes(peakBytes)]);
        progress(step / STEPS);
        say(`${thousands(records * step)} records: ${mebibytes(rssBytes)} MiB`);
      }
      const { peakBytes } = instance.memory();
      return {
        columns: ["records so far", "memory, MiB", "peak memory, MiB"],
        rows,
        charts: [
          {
            kind: "lines",
            title: "Memory while records come in",
            unit: "MiB",
            xUnit: "million records",
            series: [
              {
                name: "memory",
                points: rows.map(([, memory], index) => ({
                  x: ((index + 1) * (quick ? RECORDS_A_STEP / 10 : RECORDS_A_STEP)) / 1e6,
                  y: Number(memory),
                })),
              },
            ],
          },
        ],
        findings: [{ name: "peak memory", value: mebibytes(peakBytes), unit: "MiB", target: "under 700" }],
      };
    } finally {
      await instance.kill();
    }
  },
};
