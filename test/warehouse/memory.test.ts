import { join } from "node:path";
import { systemClock } from "../../src/core/clock.js";
import { nodeDisk } from "../../src/disk/node-disk.js";
import { openMemoryWarehouse } from "../../src/warehouse/memory.js";
import { folderLake, temporaryFolder } from "../loader/fixtures.js";
import { type WarehouseUnderTest, warehouseContract } from "./warehouse.contract.js";

async function open(root?: string): Promise<WarehouseUnderTest> {
  const folder = root === undefined ? await temporaryFolder() : { path: root, remove: async () => undefined };
  const lake = await folderLake(join(folder.path, "lake"));
  const warehouse = await openMemoryWarehouse({
    path: join(folder.path, "warehouse.json"),
    disk: nodeDisk(),
    lake,
    clock: systemClock,
  });
  return {
    warehouse,
    lake,
    rows: async (target) =>
      warehouse
        .contents(target)
        .map(
          (row) =>
            [Number(row._sequence_number), String(row.symbol), row.size === null ? null : Number(row.size)] as const,
        )
        .toSorted((a, b) => a[0] - b[0]),
    deduped: async (target) =>
      warehouse
        .deduped(target)
        .map(({ identity, winner }) => [Number(identity.split("/")[1]), Number(winner.split("/")[1])] as const)
        .toSorted((a, b) => a[0] - b[0]),
    reopen: async () => {
      await warehouse.close();
      const again = await open(folder.path);
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

warehouseContract("the memory driver", () => open(), { fileFormat: "json" });
