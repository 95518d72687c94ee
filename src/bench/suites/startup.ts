import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runLoad } from "../support/load.js";
import { type PenstockProcess, startPenstock } from "../support/penstock-process.js";
import { mebibytes, type Suite, scaleOf, thousands, waitUntil } from "../support/suite.js";

const RECORDS = 10_000_000;
const definition = fileURLToPath(new URL("../definitions/quotes.js", import.meta.url));

export const startup: Suite = {
  name: "startup",
  about:
    "Ten million records (or --scale) put, delivered and loaded; then the time from the start of the process to its ready line: after a clean stop, and after a SIGKILL while more came in. " +
    "Memory is the process's whole resident memory at its highest, as the kernel counts it.",
  run: async (options) => {
    const { folder, say } = options;
    const records = scaleOf(options, RECORDS, RECORDS / 20);
    const data = join(folder, "startup");
    const load = { stream: "quotes", connections: 8, recordBytes: 150, keys: "unique" } as const;
    const rows: (string | number)[][] = [];
    const note = (name: string, instance: PenstockProcess, readyMs: number) => {
      rows.push([
        name,
        Math.round(readyMs),
        mebibytes(instance.memory().rssBytes),
        mebibytes(instance.memory().peakBytes),
      ]);
      say(`${name}: ${Math.round(readyMs)} ms`);
      return { readyMs, peakBytes: instance.memory().peakBytes };
    };

    const first = await startPenstock({ definition, data });
    await runLoad({ ...load, port: Number(first.aws.port), records });
    await waitUntil(
      async () => (await first.status()).tables.every(({ lagRecords }) => lagRecords === 0),
      200,
      900_000,
    );
    const filled = note(`${thousands(records)} records put and loaded`, first, first.readyAfterMs);
    const code = await first.stop();
    if (code !== 0) throw new Error(`It stopped with code ${code}:\n${first.log()}`);

    const clean = await startPenstock({ definition, data });
    const afterStop = note("started after a clean stop", clean, clean.readyAfterMs);
    const loading = runLoad({ ...load, port: Number(clean.aws.port), records: 5_000_000 }).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await clean.kill();
    await loading;

    const killed = await startPenstock({ definition, data });
    const afterKill = note("started after a SIGKILL under load", killed, killed.readyAfterMs);
    await killed.kill();
    return {
      columns: ["what", "ready after, ms", "memory, MiB", "peak memory, MiB"],
      rows,
      findings: [
        { name: "ready after a clean stop", value: afterStop.readyMs / 1000, unit: "s", target: "under 2" },
        { name: "ready after a SIGKILL", value: afterKill.readyMs / 1000, unit: "s", target: "under 2" },
        { name: "peak memory", value: mebibytes(filled.peakBytes), unit: "MiB", target: "under 700" },
      ],
    };
  },
};
