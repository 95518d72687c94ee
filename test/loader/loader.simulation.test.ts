import { test } from "vitest";
import { systemClock } from "../../src/core/clock.js";
import type { FlushResult, LakeObject } from "../../src/delivery/flush.js";
import { openFsObjectStore } from "../../src/lake/fs.js";
import { openLoader } from "../../src/loader/loader.js";
import { silentLog } from "../../src/warehouse/log.js";
import { type MemoryRow, type MemoryWarehouse, openMemoryWarehouse } from "../../src/warehouse/memory.js";
import { must } from "../simulation/must.js";
import { seededRandom } from "../simulation/random.js";
import { forEachSeed } from "../simulation/seeds.js";
import { type SimDisk, simDisk } from "../simulation/sim-disk.js";
import { type Fault, faultyWarehouse } from "./faulty-warehouse.js";
import { ARRIVED, tableModel } from "./fixtures.js";

const base = tableModel();
const table = { ...base, deliver: { ...base.deliver, fileFormat: "json" as const } };

/**
 * Lives of one process after another on a disk that crashes at any operation, with a warehouse whose answers get lost besides: each delivered
 * object's rows are in the table once, and what a life was told of is there in the next.
 */
test("every delivered object is loaded exactly once, through power cuts, kills and lost answers", async () => {
  await forEachSeed(60, async (seed) => {
    const random = seededRandom(seed);
    let disk = simDisk({ random: random.fork() });
    await disk.makeDirectory("/data");
    await disk.syncDirectory("/");
    const delivered: LakeObject[] = [];
    const told = new Set<string>();
    for (let life = 0; life < 6; life++) {
      const last = life === 5;
      if (!last) disk.powerCutAt(random.between(1, 120));
      const faults = Array.from({ length: 6 }, () =>
        random.pick<Fault>(["none", "none", "after-commit", "before-commit", "conflict", "ledger"]),
      );
      await Promise.race([live(disk, delivered, told, faults, last ? 0 : random.between(0, 3)), disk.dead]);
      if (last) break;
      if (random.chance(0.4)) disk.kill();
      else disk.powerCut();
      disk = disk.boot();
    }
    const { warehouse } = await open(disk);
    check(warehouse, delivered, told);
    const entries = await warehouse.ledger(
      table.name,
      delivered.map(({ key }) => key),
    );
    must(
      entries.size === delivered.length,
      `${delivered.length} objects were delivered, and the ledger has ${entries.size}`,
    );
  });
});

async function open(disk: SimDisk) {
  const lake = await openFsObjectStore({ disk, directory: "/data/lake", stagingDirectory: "/data/staging" });
  const readRows = async (object: LakeObject) => {
    const content = (await disk.readFile(lake.localPath(object.key) ?? "")).toString("utf8");
    return content
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as MemoryRow);
  };
  const warehouse = await openMemoryWarehouse({
    path: "/data/warehouse.json",
    disk,
    lake,
    clock: systemClock,
    readRows,
  });
  return { lake, warehouse };
}

async function live(
  disk: SimDisk,
  delivered: LakeObject[],
  told: Set<string>,
  faults: readonly Fault[],
  fresh: number,
): Promise<void> {
  const { lake, warehouse } = await open(disk);
  check(warehouse, delivered, told);
  await warehouse.applyTable(table);
  const loader = await openLoader({
    table,
    warehouse: faultyWarehouse(warehouse, faults),
    clock: systemClock,
    random: () => 0,
    log: silentLog,
    backoff: { firstMs: 0, maxMs: 0 },
    batchObjectsMax: 3,
    onLoaded: ({ loaded }) => {
      for (const { key } of loaded) if (!disk.isDead) told.add(key);
    },
  });
  await loader.sweep(delivered.map(flushOf));
  for (let count = 0; count < fresh; count++) {
    const flush = delivered.length + 1;
    const rows = [1, 2].map((index) => ({
      _shard_id: "shardId-000000000000",
      _sequence_number: flush * 10 + index,
      _row_index: 0,
      _arrived_at: ARRIVED,
      symbol: `S${flush}`,
      bid: null,
      size: index,
    }));
    const key = `quotes/${flush}.json`;
    const { sizeBytes } = await lake.put(key, Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join("")));
    if (disk.isDead) return;
    const object = { key, kind: "rows" as const, table: table.name, flush, schemaVersion: 1, rows: 2, sizeBytes };
    delivered.push(object);
    loader.offer([object]);
  }
  await loader.idle();
}

function check(warehouse: MemoryWarehouse, delivered: readonly LakeObject[], told: ReadonlySet<string>): void {
  const rows = warehouse.contents(table.name).map((row) => Number(row._sequence_number));
  must(new Set(rows).size === rows.length, `rows are there twice: ${rows.join(", ")}`);
  for (const object of delivered) {
    const own = rows.filter((sequence) => Math.floor(sequence / 10) === object.flush).length;
    must(own === 0 || own === 2, `of the object ${object.key} ${own} rows are there`);
    must(own === 2 || !told.has(object.key), `the object ${object.key} was said to be loaded, and is not`);
  }
}

function flushOf(object: LakeObject): FlushResult {
  return {
    table: object.table,
    flush: object.flush,
    schemaVersion: 1,
    decidedAtMs: 0,
    deliveredAtMs: 0,
    ranges: [],
    objects: [object],
  };
}
