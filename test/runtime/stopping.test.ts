import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { run, temporaryFolder, writeDefinition } from "./running-pipeline.js";

test("a stop does not wait for ever for a table that cannot be delivered, and the next start goes on with it", async () => {
  const folder = await temporaryFolder();
  await writeDefinition(
    folder,
    `export default pipeline("p", { tables: [
      table("t", { from: stream("s"), format: json(), columns: { id: integer() }, deliver: { bufferSeconds: 900 } }),
      table("u", { from: stream("s"), format: json(), columns: { id: integer() }, deliver: { bufferSeconds: 900 } }),
    ] });`,
  );
  const first = await run(folder);
  await first.put("s", [{ id: 1 }, { id: 2 }]);
  // As a disk that has no room for one table's files.
  const staging = join(folder, ".penstock", "staging", "delivery", "t");
  await rm(staging, { recursive: true });
  await writeFile(staging, "in the way");
  await first.close();
  await rm(staging);

  const second = await run(folder);
  // The other table was not held up.
  expect(second.instance.status().tables.map(({ rowsLoaded }) => rowsLoaded)).toEqual([0, 2]);
  await second.instance.flush();
  expect(await second.rows("select count(*), count(distinct id) from t")).toEqual([[2, 2]]);
  expect(await second.instance.audit()).toMatchObject({ ok: true, findings: [] });
});
