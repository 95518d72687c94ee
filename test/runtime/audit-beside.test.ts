import { PutRecordBatchCommand } from "@aws-sdk/client-firehose";
import { expect, test } from "vitest";
import type { AuditReport } from "../../src/api/control/contract.js";
import { bytesOf, counts, countsOf, run, temporaryFolder, writeDefinition } from "./running-pipeline.js";

test("an audit beside a pipeline at work finds nothing lost or doubled, and nothing that somebody deleted", async () => {
  const folder = await temporaryFolder();
  await writeDefinition(
    folder,
    `export default pipeline("p", { tables: [ table("t", {
      from: [stream("s", { shards: 4 }), directPut("d")], columns: { id: integer().notNull() }, where: { kind: [1, 2, true] },
      dedupe: { by: "id" }, deliver: { bufferSeconds: 0 },
    }) ] });`,
  );
  const running = await run(folder);
  const reports: AuditReport[] = [];
  for (let round = 0; round < 30; round++) {
    await running.put(
      "s",
      Array.from({ length: 200 }, (_, index) => ({ id: (round * 37 + index) % 400, kind: index % 4 })),
    );
    await running.firehose.send(
      new PutRecordBatchCommand({
        DeliveryStreamName: "d",
        Records: Array.from({ length: 50 }, (_, id) => ({ Data: bytesOf({ id, kind: true }) })),
      }),
    );
    if (round % 3 === 0) reports.push(await running.instance.audit());
  }
  for (const report of reports) {
    expect(report).toMatchObject({ ok: true, lost: 0, duplicated: 0, findings: [] });
    const { acked, delivered, filtered, loaded, deduped, pending, deletedByUser } = countsOf(report, "t");
    // A record has one row here, so that every one acknowledged is in just one of the counts.
    expect(filtered + loaded + deduped + pending).toBe(acked);
    expect(loaded + deduped).toBeLessThanOrEqual(delivered);
    expect(deletedByUser).toBe(0);
  }
  await running.instance.flush();
  expect(countsOf(await running.instance.audit(), "t")).toEqual(
    counts({ acked: 7500, delivered: 4500, filtered: 3000, loaded: 400, deduped: 4100 }),
  );
  expect(await running.rows("select count(*), count(distinct id) from t")).toEqual([[400, 400]]);
});
