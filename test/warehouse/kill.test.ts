import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import type { LakeObject } from "../../src/delivery/flush.js";
import { rowsOf, tableModel, temporaryFolder, writeObject } from "../loader/fixtures.js";
import { openUnderTest } from "./duckdb-under-test.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SCRIPT = fileURLToPath(new URL("./load-until-killed.ts", import.meta.url));
const LIVES = 4;

it("a warehouse that is killed at any moment has every load it answered for, each whole and once", async () => {
  const table = tableModel({ dedupe: { by: ["symbol"], keep: "latest" } });
  const { path: folder, remove } = await temporaryFolder();
  const first = await openUnderTest(folder);
  const objects: LakeObject[] = [];
  // Each object brings three keys of its own and replaces one of the object before it.
  for (let flush = 1; flush <= 30; flush++) {
    const rows = rowsOf(1, 4, (sequence) => ({ symbol: `S${flush * 3 + sequence}`, size: flush }));
    const own = rows.map((row) => ({ ...row, sequence: flush * 10 + row.sequence }));
    objects.push(await writeObject(first.lake, { table, flush, rows: own }));
  }
  await first.warehouse.close();
  await writeFile(join(folder, "job.json"), JSON.stringify({ table, objects }));

  const told = new Set<string>();
  for (let life = 0; life < LIVES; life++) {
    const child = spawn(
      process.execPath,
      [
        "--input-type=module",
        "-e",
        `import { readFileSync } from "node:fs";
         import { createJiti } from "jiti";
         const { loadUntilKilled } = await createJiti(import.meta.url).import(${JSON.stringify(SCRIPT)});
         const { table, objects } = JSON.parse(readFileSync(${JSON.stringify(join(folder, "job.json"))}, "utf8"));
         await loadUntilKilled(${JSON.stringify(folder)}, table, objects);`,
      ],
      { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] },
    );
    const ended = new Promise((resolve) => child.once("exit", resolve));
    for await (const line of createInterface({ input: child.stdout })) {
      if (line !== "open") told.add(line);
      // Some milliseconds into the loads, another number in each life.
      else if (life < LIVES - 1) setTimeout(() => child.kill("SIGKILL"), 15 + 60 * Math.random());
    }
    await ended;

    const { warehouse, rows, close } = await openUnderTest(folder);
    const entries = await warehouse.ledger(
      "quotes",
      objects.map(({ key }) => key),
    );
    for (const key of told) expect(entries.get(key)?.status, key).toBe("loaded");
    const loaded = [...entries.values()];
    const balance = loaded.reduce((sum, entry) => sum + entry.loadedRows - entry.replacedRows, 0);
    expect(await rows("quotes")).toHaveLength(balance);
    const { rows: identities } = await warehouse.query(
      "SELECT count(*), count(DISTINCT (_shard_id, _sequence_number, _row_index)), count(DISTINCT symbol) FROM quotes",
    );
    expect(identities).toEqual([[balance, balance, balance]]);
    const { rows: deduped } = await warehouse.query("SELECT count(*) FROM penstock.deduped");
    expect(deduped).toEqual([[loaded.reduce((sum, entry) => sum + entry.dedupedRows + entry.replacedRows, 0)]]);
    await close();
  }
  expect(told.size).toBe(objects.length);
  await remove();
});
