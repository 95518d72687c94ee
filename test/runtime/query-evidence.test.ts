import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { nodeDisk } from "../../src/disk/node-disk.js";
import { queryLog } from "../../src/redshift/engine/query-log.js";
import { openQueryEvidence } from "../../src/runtime/query-evidence.js";
import { run, temporaryFolder, writeDefinition } from "./running-pipeline.js";

const DEFINITION = `export default pipeline("shop", { tables: [ table("orders", {
  from: stream("orders", { shards: 1 }), columns: { id: integer().notNull(), price: decimal(8, 2) }, deliver: { bufferSeconds: 0 } }) ] });`;

it("what was asked before a restart is evidence after it, and no password is written down", async () => {
  const folder = await temporaryFolder();
  await writeDefinition(folder, DEFINITION);
  const before = await run(folder);
  await before.put(
    "orders",
    Array.from({ length: 200 }, (_, id) => ({ id, price: id / 4 })),
  );
  await before.instance.flush();
  await before.rows("select count(*) from orders where id = 42");
  await before.rows("select count(*) from orders where id = 42");
  await before.rows("create user ann password 'Secret-4711'");
  await before.close();
  const kept = await readFile(join(folder, ".penstock", "queries.json"), "utf8");
  expect(kept).toContain("id = 42");
  expect(kept).not.toContain("Secret");

  const after = await run(folder);
  const advice = await after.instance.advise({ table: "orders" });
  expect(advice.sortKey.predicates).toMatchObject([{ column: "id", equality: 2 }]);
  await after.close();
});

async function evidenceOf(directory: string, log = queryLog(), warnings: string[] = []) {
  const evidence = await openQueryEvidence({
    log,
    disk: nodeDisk(),
    directory,
    statementsMax: 3,
    warn: (_, message) => warnings.push(message),
  });
  const ran = (sql: string) =>
    log
      .begin({
        sql,
        verb: "SELECT",
        user: "ann",
        processId: 1,
        transactionId: 1,
        applicationName: "psql",
        queryGroup: "",
        startedAtMs: 5,
      })
      .end({ state: "success", rows: 1, durationMs: 1 });
  return { evidence, ran, warnings };
}

it("counts each statement once, however often it is looked at, and keeps those asked last", async () => {
  const folder = await temporaryFolder();
  const { evidence, ran } = await evidenceOf(folder);
  for (const sql of ["select 1", "select 2", "select 1", "select 3"]) ran(sql);
  evidence.statements();
  expect(evidence.statements()).toMatchObject([
    { sql: "select 2", count: 1 },
    { sql: "select 1", count: 2 },
    { sql: "select 3", count: 1 },
  ]);
  ran("select 4");
  await evidence.close();
  const again = await evidenceOf(folder);
  expect(again.evidence.statements().map(({ sql, count }) => [sql, count])).toEqual([
    ["select 1", 2],
    ["select 3", 1],
    ["select 4", 1],
  ]);
  await again.evidence.close();
});

it("begins anew, with a warning, where the file is none of its own", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "queries.json"), "no JSON");
  const { evidence, ran, warnings } = await evidenceOf(folder);
  expect(warnings.join()).toContain("begins anew");
  ran("select 1");
  await evidence.close();
  expect(await readFile(join(folder, "queries.json"), "utf8")).toContain("select 1");
});
