import { writeSync } from "node:fs";
import type { TableModel } from "../../src/definition/model.js";
import type { LakeObject } from "../../src/delivery/flush.js";
import { openUnderTest } from "./duckdb-under-test.js";

/** A process of its own: loads object after object, and says which the warehouse has answered for. */
export async function loadUntilKilled(
  folder: string,
  table: TableModel,
  objects: readonly LakeObject[],
): Promise<void> {
  const { warehouse } = await openUnderTest(folder);
  await warehouse.applyTable(table);
  writeSync(1, "open\n");
  for (const object of objects) {
    await warehouse.load({ table, target: table.name, objects: [object], deadlineMs: 30_000 });
    writeSync(1, `${object.key}\n`);
  }
  await warehouse.close();
}
