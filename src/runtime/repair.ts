/** Makes a table's flush log anew from what else tells of it: its whole lines, the lake's objects, the warehouse's ledger. */
import { join } from "node:path";
import { newestLoadedFlush } from "../audit/audit.js";
import { gatherEvidence } from "../audit/flush-evidence.js";
import { isPenstockError, messageOf } from "../core/errors.js";
import { shardIdOf } from "../core/sequence-number.js";
import type { PipelineModel, TableModel } from "../definition/model.js";
import { logBehind } from "../delivery/delivery.js";
import { flushReader } from "../delivery/flush-reading.js";
import { salvageFlushes, writeFlushes } from "../delivery/flush-salvage.js";
import type { ShardRange } from "../stream/stream.js";
import { type Stores, sqlOn } from "./stores.js";

export interface TableRepair {
  readonly table: string;
  /** `sound`: there was nothing to mend. `damaged`: a dry run, and it would be made anew. */
  readonly state: "sound" | "damaged" | "repaired";
  /** What was wrong. */
  readonly damage?: string;
  /** Flushes that the log has now. */
  readonly flushes: number;
  /** Where the damaged files are. */
  readonly putAside?: string;
  /** What could not be proved, in words. */
  readonly doubts: readonly string[];
}

export async function repairFlushLog(
  stores: Pick<Stores, "disk" | "clock" | "directories" | "lake" | "warehouse" | "engine">,
  table: TableModel,
  dryRun: boolean,
): Promise<TableRepair> {
  const { disk, directories, lake, warehouse, engine } = stores;
  const directory = join(directories.delivery, table.name);
  const checked = await check(stores, directory, table.name);
  if (checked.damage === undefined) return { table: table.name, state: "sound", flushes: checked.flushes, doubts: [] };

  const salvage = await salvageFlushes(disk, directory);
  const evidence = await gatherEvidence({ table, salvage, lake, sql: sqlOn(engine), warehouse });
  const { damage } = checked;
  const found = { table: table.name, damage, flushes: evidence.results.length, doubts: evidence.doubts };
  if (dryRun) return { ...found, state: "damaged" };

  const fresh = `${directory}.rebuilt`;
  const putAside = `${directory}.damaged-${stores.clock.now()}`;
  await disk.removeAll(fresh);
  await writeFlushes(disk, fresh, evidence);
  const had = (await disk.stat(directory)) !== undefined;
  if (had) await disk.rename(directory, putAside);
  // A crash here leaves no log at all: the next start sets the table aside, and a repair makes the same log from the lake.
  await disk.rename(fresh, directory);
  await disk.syncDirectory(directories.delivery);
  // Commit point. Before: the table is set aside. After: it goes on where its objects end.
  return { ...found, state: "repaired", ...(had ? { putAside } : {}) };
}

/** Records that are damaged in a stream's journal and that one of its tables has not had yet. */
export interface StreamRepair {
  readonly stream: string;
  readonly state: "sound" | "damaged" | "loss-accepted";
  readonly missing: readonly { readonly shardId: string; readonly from: number; readonly to: number }[];
  readonly records: number;
}

/** With `acceptLoss` delivery passes them by from now on, and the audit counts them as lost. */
export async function repairJournal(
  { disk, directories, store }: Pick<Stores, "disk" | "directories" | "store">,
  model: PipelineModel,
  name: string,
  acceptLoss: boolean,
): Promise<StreamRepair | undefined> {
  const stream = store.find(name);
  if (stream === undefined) return undefined;
  const next = new Map<number, number>();
  for (const table of model.tables.filter(({ sources }) => sources.includes(name))) {
    const own = new Map<number, number>();
    for await (const { ranges } of flushReader(disk, join(directories.delivery, table.name)).results()) {
      for (const range of ranges) if (range.stream === name) own.set(range.shard, range.to + 1);
    }
    for (const { number, firstSequence } of stream.shards) {
      const from = own.get(number) ?? firstSequence;
      next.set(number, Math.min(next.get(number) ?? from, from));
    }
  }
  const ranges = stream.shards.flatMap(({ number, lastSequence }) => {
    const from = next.get(number) ?? lastSequence + 1;
    return from > lastSequence ? [] : [{ shard: number, from, to: lastSequence }];
  });
  const lost: ShardRange[] = [];
  const blocks = stream.blocks(ranges, { onMissing: (missing) => lost.push(missing) });
  for await (const _ of blocks);
  const missing = lost.map(({ shard, from, to }) => ({ shardId: shardIdOf(shard), from, to }));
  const records = lost.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  if (lost.length === 0) return { stream: name, state: "sound", missing, records };
  if (acceptLoss) await stream.acceptLoss(lost);
  return { stream: name, state: acceptLoss ? "loss-accepted" : "damaged", missing, records };
}

async function check(
  { disk, warehouse }: Pick<Stores, "disk" | "warehouse">,
  directory: string,
  table: string,
): Promise<{ readonly damage?: string; readonly flushes: number }> {
  const loadedFlush = await newestLoadedFlush(warehouse, table);
  let flushes = 0;
  let last = 0;
  try {
    for await (const { flush } of flushReader(disk, directory).results()) {
      flushes++;
      last = flush;
    }
  } catch (error) {
    if (!isPenstockError(error, "damaged")) throw error;
    return { damage: messageOf(error), flushes };
  }
  return last >= loadedFlush ? { flushes } : { damage: logBehind(directory, last, loadedFlush).message, flushes };
}
