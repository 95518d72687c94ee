import { createHash } from "node:crypto";
import type { RedriveBody, RedrivePreview, RedriveReport } from "../api/control/contract.js";
import { PenstockError } from "../core/errors.js";
import { inTurn } from "../core/in-turn.js";
import type { TableModel } from "../definition/model.js";
import { decodeRecord } from "../delivery/codec/decode-record.js";
import { planRows } from "../delivery/codec/row-plan.js";
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
const PREVIEW_ROWS_MAX = 20;

type Failure = RedriveReport["failed"][number];
/** Letters of one record, and the bytes to decode: the record's own, or what somebody made of them. */
interface Retried {
  readonly letters: readonly StoredDeadLetter[];
  readonly data: Uint8Array;
  readonly edited: boolean;
}

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
  const edits = new Map(Object.entries(body.edits ?? {}).map(([id, bytes]) => [id, Buffer.from(bytes, "base64")]));
  const strange = [...edits.keys()].find((id) => body.ids?.includes(id) !== true);
  if (strange !== undefined) {
    throw new PenstockError(
      "invalid-argument",
      `An edit is of ${JSON.stringify(strange.slice(0, 300))}, which \`ids\` does not name.`,
      {
        hint: "Name every letter that is edited in `ids`.",
      },
    );
  }
  const previews = new Map<string, RedrivePreview>();
  const sum = { chosen: 0, loaded: 0, filtered: 0, alreadyRedriven: 0, failed: [] as Failure[] };
  // Named together with a table or a code they are chosen among, and one that is not of these is no mistake.
  const missing = new Set(body.table === undefined && body.code === undefined ? body.ids : []);
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
    for (const { id } of letters) missing.delete(id);
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
      if (table.load === "external") {
        const message = `The rows of "${name}" are read in the lake, where nothing is written a second time: put the record again.`;
        sum.failed.push(...own.map(({ id, code }) => ({ id, code, message })));
        continue;
      }
      const records = new Map([...groupBy(own, recordOf)].map(([record, all]) => [record, retried(table, all, edits)]));
      const outcome = await redriveRecords(options, table, records, body.dryRun === true);
      if (body.dryRun === true) previews.set(name, withRows(previews.get(name), table, records, outcome.failed));
      sum.loaded += outcome.loaded;
      sum.filtered += outcome.filtered;
      sum.failed.push(...outcome.failed);
    }
  }
  const message = "There is no such dead letter: `penstock errors list` has their ids.";
  sum.failed.push(...[...missing].map((id) => ({ id, code: "not-found", message })));
  return { ...sum, dryRun: body.dryRun === true, ...(body.dryRun === true ? { preview: [...previews.values()] } : {}) };
}

function retried(table: TableModel, letters: readonly StoredDeadLetter[], edits: ReadonlyMap<string, Buffer>): Retried {
  const own = letters[0]!.raw;
  const given = letters.flatMap(({ id }) => edits.get(id) ?? []);
  const data = given[0];
  if (data === undefined) return { letters, data: own, edited: false };
  if (given.some((other) => !other.equals(data))) {
    throw new PenstockError(
      "invalid-argument",
      `${letters[0]!.id} and others are letters of one record, and are edited differently.`,
      {
        hint: "Give each of them the same bytes: those of the whole record.",
      },
    );
  }
  const plan = planRows(table);
  const rows = [...decodeRecord(plan, data)].length;
  const before = [...decodeRecord(plan, own)].length;
  if (rows > before) {
    // A row more would have no acked record behind it, and the audit would call it a double.
    throw new PenstockError("refused", `The edit of ${letters[0]!.id} makes ${rows} rows of a record of ${before}.`, {
      hint: "Put further rows into the stream, where they get an identity of their own.",
    });
  }
  return { letters, data, edited: true };
}

/** Adds what the records give, but for rows that failed, up to a screenful. */
function withRows(
  known: RedrivePreview | undefined,
  table: TableModel,
  records: ReadonlyMap<string, Retried>,
  failed: readonly Failure[],
): RedrivePreview {
  const rows = [...(known?.rows ?? [])];
  const bad = new Set(failed.map(({ id }) => id));
  const plan = planRows(table);
  for (const { letters, data } of records.values()) {
    if (rows.length >= PREVIEW_ROWS_MAX) break;
    const outcomes = [...decodeRecord(plan, data)];
    for (const { id, rowIndex } of letters) {
      const outcome = outcomes[rowIndex];
      if (outcome?.kind === "row" && !bad.has(id) && rows.length < PREVIEW_ROWS_MAX) rows.push(outcome.cells);
    }
  }
  return { table: table.name, columns: table.columns.map(({ name }) => name), rows };
}

async function redriveRecords(
  options: RedriveOptions,
  table: TableModel,
  chosen: ReadonlyMap<string, Retried>,
  dryRun: boolean,
) {
  const { warehouse, lake } = options;
  const failed = new Map<string, Failure>();
  let records = chosen;
  for (;;) {
    const converted = await options.reconvert(table, () => blocksOf(records));
    try {
      const failures = await converted.failures();
      const strays = await strayFailures(warehouse, table, failures);
      if (strays.size > 0) {
        // A row that fails today and has no letter would be lost if the rest of its record went on. The whole record waits.
        for (const [record, failure] of strays) {
          for (const { id } of records.get(record)?.letters ?? [])
            failed.set(id, { id, code: failure.code, message: failure.errorMessage });
        }
        records = new Map([...records].filter(([record]) => !strays.has(record)));
        continue;
      }
      const tried = [...records.values()].flatMap(({ letters }) => letters);
      for (const failure of failures) {
        const letter = tried.find(({ id }) => id === idOf(table, failure));
        if (letter !== undefined)
          failed.set(letter.id, { id: letter.id, code: failure.code, message: failure.errorMessage });
      }
      const redriven = tried.map(({ id }) => id).filter((id) => !failed.has(id));
      if (redriven.length === 0) return { loaded: 0, filtered: 0, failed: [...failed.values()] };
      const edited = new Map(
        [...records.values()].flatMap((record) =>
          record.edited ? record.letters.map(({ id }) => [id, record.data] as const) : [],
        ),
      );
      for (const id of failed.keys()) edited.delete(id);
      const digest = digestOf(redriven, edited);
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
        edited,
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

/** Another for other letters, or for other bytes in place of theirs. */
function digestOf(ids: readonly string[], edited: ReadonlyMap<string, Uint8Array>): string {
  const hash = createHash("sha256").update(ids.toSorted().join("\n"));
  for (const [id, data] of edited) hash.update(`\n${id} ${data.length} `).update(data);
  return hash.digest("hex").slice(0, 32);
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
async function* blocksOf(records: ReadonlyMap<string, Retried>): AsyncGenerator<SourceBlock> {
  for (const { letters, data } of records.values()) {
    const letter = letters[0];
    if (letter === undefined) continue;
    const shard = Number(/shardId-(\d+)$/.exec(letter.shardId)?.[1] ?? Number.NaN);
    if (Number.isNaN(shard)) {
      throw new PenstockError("damaged", `The dead letter ${letter.id} names no shard, but "${letter.shardId}".`);
    }
    const record = { sequence: letter.sequence, arrivalMs: letter.arrivedAtMs, partitionKey: "", data };
    yield {
      stream: letter.stream,
      block: {
        shard,
        firstSequence: letter.sequence,
        count: 1,
        arrivalMs: letter.arrivedAtMs,
        clean: false,
        lines: new Uint8Array(),
        longestLine: () => 0,
        records: () => [record],
      },
    };
  }
}
