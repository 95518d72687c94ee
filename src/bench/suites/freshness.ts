import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startPenstock } from "../support/penstock-process.js";
import { kinesisRequest, openConnection } from "../support/raw-connection.js";
import { percentile, type Suite } from "../support/suite.js";

const PUTS = 300;
const PUTS_QUICK = 40;
const EVERY_MS = 67;
const POLL_MS = 20;

export const freshness: Suite = {
  name: "freshness",
  about:
    `A record every ${EVERY_MS} ms into a table with a buffer of 1 second; from the moment its put is sent to the first ` +
    `query that finds it (asked every ${POLL_MS} ms).`,
  run: async ({ folder, quick, progress }) => {
    const definition = fileURLToPath(new URL("../definitions/events.js", import.meta.url));
    const instance = await startPenstock({ definition, data: join(folder, "freshness") });
    try {
      const port = Number(instance.aws.port);
      const connection = await openConnection(port);
      const puts = quick ? PUTS_QUICK : PUTS;
      const sentMs: number[] = [];
      const took: number[] = [];
      let finished = false;
      const watch = async () => {
        while (took.length < puts && !finished) {
          const { rows } = await instance.query("select coalesce(max(id), -1) from events");
          const nowMs = performance.now();
          const newest = Number(rows[0]![0]);
          while (took.length <= newest) took.push(nowMs - sentMs[took.length]!);
          await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        }
      };
      const watching = watch();
      for (let id = 0; id < puts; id++) {
        const data = Buffer.from(JSON.stringify({ id, payload: "x".repeat(100) })).toString("base64");
        sentMs.push(performance.now());
        const body = JSON.stringify({ StreamName: "events", PartitionKey: String(id), Data: data });
        const { status } = await connection.send(kinesisRequest(port, "PutRecord", body));
        if (status !== 200) throw new Error(`PutRecord answered ${status}.`);
        progress(id / puts);
        await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
      }
      const giveUp = setTimeout(() => {
        finished = true;
      }, 30_000);
      await watching;
      clearTimeout(giveUp);
      if (took.length < puts) throw new Error(`Only ${took.length} of ${puts} records became queryable in 30 s.`);
      connection.close();
      const figures = [0.5, 0.9, 0.99, 1].map((share) => percentile(took, share));
      return {
        columns: ["records", "p50, ms", "p90, ms", "p99, ms", "longest, ms"],
        rows: [[puts, ...figures.map(Math.round)]],
        findings: [{ name: "put to queryable, p99", value: figures[2]! / 1000, unit: "s", target: "under 2.5" }],
      };
    } finally {
      await instance.kill();
    }
  },
};
