import { join } from "node:path";
import { systemClock } from "../../src/core/clock.js";
import { boundedGate } from "../../src/core/gate.js";
import { openDuckDbWarehouse } from "../../src/warehouse/duckdb/open.js";
import { silentLog } from "../../src/warehouse/log.js";
import { folderLake, type TestLake, temporaryFolder } from "../loader/fixtures.js";
import type { WarehouseUnderTest } from "./warehouse.contract.js";

export interface DuckDbUnderTest extends WarehouseUnderTest {
  readonly lake: TestLake;
  readonly folder: string;
}

/** A DuckDB warehouse in a temporary folder, with a lake beside it. */
export async function openUnderTest(root?: string): Promise<DuckDbUnderTest> {
  const folder = root === undefined ? await temporaryFolder() : { path: root, remove: async () => undefined };
  const lake = await folderLake(join(folder.path, "lake"));
  const warehouse = await openDuckDbWarehouse({
    path: join(folder.path, "warehouse.duckdb"),
    lake,
    memoryBytes: 256 * 1024 * 1024,
    threads: 2,
    tempDirectory: join(folder.path, "spill"),
    clock: systemClock,
    log: silentLog,
    gate: boundedGate(2),
  });
  return {
    warehouse,
    lake,
    folder: folder.path,
    rows: async (target) => {
      const { rows } = await warehouse.query(`SELECT _sequence_number, symbol, size FROM ${target} ORDER BY 1`);
      return rows as unknown as [number, string, number | null][];
    },
    deduped: async (target) => {
      const { rows } = await warehouse.query(
        `SELECT sequence_number, winner_sequence_number FROM penstock.deduped WHERE target = '${target}' ORDER BY 1`,
      );
      return rows as unknown as [number, number][];
    },
    reopen: async () => {
      await warehouse.close();
      const again = await openUnderTest(folder.path);
      return {
        ...again,
        close: async () => {
          await again.close();
          await folder.remove();
        },
      };
    },
    close: async () => {
      await warehouse.close();
      await folder.remove();
    },
  };
}
