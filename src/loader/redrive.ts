import { createHash } from "node:crypto";
import type { RedriveBody, RedriveReport } from "../api/control/contract.js";
import { PenstockError } from "../core/errors.js";
import { inTurn } from "../core/in-turn.js";
import type { TableModel } from "../definition/model.js";
import type { SourceBlock } from "../delivery/conversion.js";
import type { DeadLetterRow } from "../delivery/dead-letter-file.js";
import type { ObjectStore } from "../lake/object-store.js";
import type { StoredDeadLetter, Warehouse } from "../warehouse/warehouse.js";
import type { Reconvert } from "./reconvert.js";

export interface RedriveOptions {
  readonly tables: readonly TableModel[];
  readonly warehouse: Warehouse;
  readonly lake: ObjectStore;
  readonly reconvert: Reconvert;
  /** For each load. Default ten minutes. */
  readonly deadlineMs?: number;
}

/** Letters decoded and loaded together. */
const LETTERS_AT_ONCE = 500;
const DEADLINE_MS = 600_000;

type Failure = RedriveReport["failed"][number];

/**
 * Dead letters tried again by the definition as it stands now. Rows that are good today go to the table under the identity they always
 * had, and their letters are marked in the same transaction; the others stay as they are. Doing it again finds nothing left to do.
 */
export function openRedrive(options: RedriveOptions): (body: RedriveBody) => Promise<RedriveReport> {
  const take = inTurn();
  return (body) => take("", () => redrive(options, body));
}

async function redrive(options: RedriveOptions, body: RedriveBody): Promise<RedriveReport> {
  const { warehouse } = options;
  const sum = { chosen: 0, loaded: 0, filtered: 0, alreadyRedriven: 0, failed: [] as Failure[] };
  for (let after: string | undefined; ; ) {
    const letters = await warehouse.deadLetters({
      ...(body.table === undefined ? {} : { table: body.table }),
      ...(body.code === undefined ? {} : { code: body.code }),
      // Asked for by name, a letter that is done with is worth a word; of all the others only the open ones are looked at.
      ...(body.ids === undefined ? { redriven: false } : { ids: body.ids }),
      ...(after === undefined ? {} : { after }),
      limit: LETTERS_AT_ONCE,
    });
    if (letters.length === 0) break;
    after = letters.at(-1)?.id;
    const open = letters.filter(({ redrivenAtMs }) => redrivenAtMs === undefined);
    sum.chosen += open.length;
    sum.alreadyRedriven += letters.length - open.length;
    for (const [name, own] of groupBy(open, ({ table }) => table)) {
      const table = options.tables.find((candidate) => candidate.name === name);
      if (table === undefined) {
        const message = `The definition has no table "${name}" any more.`;
        sum.failed.push(...own.map(({ id, code }) => ({ id, code, message })));
        continue;
      }
      const outcome = await redriveLetters(options, table, own, body.dryRun === true);
      sum.loaded += outcome.loaded;
      sum.filtered += outcome.filtered;
      sum.failed.push(...outcome.failed);
    }
  }
  return { ...sum, dryRun: body.dryRun === true };
}

async function redriveLetters(
  options: RedriveOptions,
  table: TableModel,
  letters: readonly StoredDeadLetter[],
  dryRun: boolean,
) {
  const { warehouse, lake } = options;
  const failed = new Map<string, Failure>();
  let records = groupBy(letters, recordOf);
  for (;;) {
    const converted = await options.reconvert(table, () => blocksOf(records));
    try {
      const failures = await converted.failures();
      const strays = await strayFailures(warehouse, table, failures);
      if (strays.size > 0) {
        // A row that fails today and has no letter would be lost if the rest of its record went on. The whole record waits.
        for (const [record, failure] of strays) {
          for (const { id } of records.get(record) ?? [])
            failed.set(id, { id, code: failure.code, message: failure.errorMessage });
        }
        records = new Map([...records].filter(([record]) => !strays.has(record)));
        continue;
      }
      const tried = [...records.values()].flat();
      for (const failure of failures) {
        const letter = tried.find(({ id }) => id === idOf(table, failure));
        if (letter !== undefined)
          failed.set(letter.id, { id: letter.id, code: failure.code, message: failure.errorMessage });
      }
      const redriven = tried.map(({ id }) => id).filter((id) => !failed.has(id));
      if (redriven.length === 0) return { loaded: 0, filtered: 0, failed: [...failed.values()] };
      const digest = createHash("sha256").update(redriven.toSorted().join("\n")).digest("hex").slice(0, 32);
      const objects = await converted.adopt(`${dryRun ? "redrive-preview" : "redrive"}/${table.name}/${digest}`);
      // Commit point: the load. Before: objects in the lake that nobody names; the same choice of letters writes them again.
      // After: their rows are in the table, and the letters are marked, in one transaction.
      const report = await warehouse.load({
        table,
        target: table.name,
        objects,
        deadlineMs: options.deadlineMs ?? DEADLINE_MS,
        skipExisting: true,
        redriven,
        dryRun,
      });
      if (dryRun) for (const { key } of objects) await lake.delete(key);
      const loaded = report.loaded.reduce((total, entry) => total + entry.loadedRows, 0);
      return { loaded, filtered: Math.min(converted.filtered, redriven.length), failed: [...failed.values()] };
    } finally {
      await converted.dispose();
    }
  }
}

/** The first failure of each record which fails in a row that no dead letter speaks of. */
async function strayFailures(warehouse: Warehouse, table: TableModel, failures: readonly DeadLetterRow[]) {
  const strays = new Map<string, DeadLetterRow>();
  if (failures.length === 0) return strays;
  const ids = failures.map((failure) => idOf(table, failure));
  const known = new Set<string>();
  for (let after: string | undefined; ; ) {
    const page = await warehouse.deadLetters({
      ids,
      ...(after === undefined ? {} : { after }),
      limit: LETTERS_AT_ONCE,
    });
    if (page.length === 0) break;
    after = page.at(-1)?.id;
    for (const { id } of page) known.add(id);
  }
  for (const failure of failures) {
    const record = `${shardOf(table, failure)}/${failure.sequence}`;
    if (!known.has(idOf(table, failure)) && !strays.has(record)) strays.set(record, failure);
  }
  return strays;
}

function groupBy<T>(items: readonly T[], nameOf: (item: T) => string): Map<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(nameOf(item));
    if (group === undefined) groups.set(nameOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

function recordOf(letter: StoredDeadLetter): string {
  return `${letter.shardId}/${letter.sequence}`;
}

function shardOf(table: TableModel, failure: DeadLetterRow): string {
  return table.sources.length > 1 ? `${failure.stream}:${failure.shardId}` : failure.shardId;
}

function idOf(table: TableModel, failure: DeadLetterRow): string {
  return `${table.name}/${shardOf(table, failure)}/${failure.sequence}/${failure.rowIndex}`;
}

/** Each record once, as the journal would hand it over, whatever number of letters it has. */
async function* blocksOf(records: ReadonlyMap<string, readonly StoredDeadLetter[]>): AsyncGenerator<SourceBlock> {
  for (const letters of records.values()) {
    const letter = letters[0];
    if (letter === undefined) continue;
    const shard = Number(/shardId-(\d+)$/.exec(letter.shardId)?.[1] ?? Number.NaN);
    if (Number.isNaN(shard)) {
      throw new PenstockError("damaged", `The dead letter ${letter.id} names no shard, but "${letter.shardId}".`);
    }
    const record = { sequence: letter.sequence, arrivalMs: letter.arrivedAtMs, partitionKey: "", data: letter.raw };
    yield {
      stream: letter.stream,
      block: {
        shard,
        firstSequence: letter.sequence,
        count: 1,
        arrivalMs: letter.arrivedAtMs,
        clean: false,
        lines: new Uint8Array(),
        records: () => [record],
      },
    };
  }
}
