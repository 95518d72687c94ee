import type { RedriveBody, RedrivePreview, RedriveReport } from "../../api/control/contract.js";
import { isPenstockError, PenstockError } from "../../core/errors.js";
import type { TableModel } from "../../definition/model.js";
import { decodeRecord } from "../../delivery/codec/decode-record.js";
import type { RowOutcome } from "../../delivery/codec/decode-rows.js";
import { planRows } from "../../delivery/codec/row-plan.js";
import { rowJson, unspeakable } from "../../lambda/row-json.js";
import type { StoredDeadLetter, Warehouse } from "../../warehouse/warehouse.js";
import type { Deployment } from "./deployment.js";
import { warehouseIdOf } from "./letters.js";
import { redriveTarget, refusalOf } from "./redrive-load.js";
import type { Redriven, RedriveTarget } from "./redriven.js";
import { openDeployment } from "./warehouse.js";

/** A load is one batch of statements, and names each of its letters. */
const LETTERS_AT_ONCE = 500;
const PREVIEW_ROWS_MAX = 20;
/** Rows of one user record of an aggregate: its identities lie this far from the next one's (src/lambda/firehose-transform.ts). */
const ROWS_A_SUBSEQUENCE = 2 ** 32;

type Failure = RedriveReport["failed"][number];

interface Retried {
  readonly letters: readonly StoredDeadLetter[];
  readonly firstRowIndex: number;
  readonly outcomes: readonly RowOutcome[];
  readonly edit: Uint8Array | undefined;
}

/**
 * Dead letters of a deployment tried again by the definition as it was deployed last, as src/loader/redrive.ts does it in an instance: decoded here, by the
 * transform's own codec, written to the lake as one object under `redrive/`, and loaded by the statements that every load is (redrive-load.ts has what the
 * other ways to load do).
 *
 * Exactly once: the load is one transaction. It fails where one of its letters is no longer dead, drops rows whose identity the table has, and marks the
 * letters. So whatever is lost on the way (this process, an answer), the next try finds either all of it done or nothing; two at once cannot both
 * commit. The object's key is a digest of the letters and their bytes: the same choice writes the same object.
 */
export async function redriveOnAws(
  deployment: Deployment,
  body: RedriveBody,
  withFunction: (table: TableModel) => Promise<TableModel>,
): Promise<RedriveReport> {
  const { lake, warehouse, close } = await openDeployment(deployment);
  const targets = new Map<string, Promise<RedriveTarget>>();
  const targetOf = (table: TableModel) =>
    once(targets, table.name, () => redriveTarget(deployment, table, { lake, warehouse }));
  const tables = new Map<string, Promise<TableModel>>();
  const tableOf = (table: TableModel) => once(tables, table.name, () => withFunction(table));
  try {
    const names = new Map<string, string>();
    for (const id of body.ids ?? []) names.set(id, await warehouseIdOf(deployment, lake, id));
    const edits = new Map(
      Object.entries(body.edits ?? {}).map(([id, bytes]) => [names.get(id) ?? id, Buffer.from(bytes, "base64")]),
    );
    const dryRun = body.dryRun === true;
    const sum = { chosen: 0, loaded: 0, filtered: 0, alreadyRedriven: 0, failed: [] as Failure[] };
    const previews = new Map<string, RedrivePreview>();
    for (let after: string | undefined; ; ) {
      const letters = await warehouse.deadLetters({
        ...(body.table === undefined ? {} : { table: body.table }),
        ...(body.code === undefined ? {} : { code: body.code }),
        ...(body.ids === undefined ? { redriven: false } : { ids: [...names.values()] }),
        ...(after === undefined ? {} : { after }),
        limit: LETTERS_AT_ONCE,
      });
      if (letters.length === 0) break;
      after = letters.at(-1)?.id;
      const open = letters.filter(({ redrivenAtMs }) => redrivenAtMs === undefined);
      sum.chosen += open.length;
      sum.alreadyRedriven += letters.length - open.length;
      for (const [name, own] of groupBy(open, ({ table }) => table)) {
        const table = deployment.model.tables.find((candidate) => candidate.name === name);
        if (table === undefined) {
          const message = `The deployed definition has no table "${name}" any more.`;
          sum.failed.push(...own.map(({ id, code }) => ({ id, code, message })));
          continue;
        }
        const refusal = refusalOf(table);
        if (refusal !== undefined) {
          sum.failed.push(...own.map(({ id, code }) => ({ id, code, message: refusal })));
          continue;
        }
        let whole: TableModel;
        try {
          whole = await tableOf(table);
        } catch (error) {
          if (!isPenstockError(error)) throw error;
          const message = [error.message, error.hint].join(" ").trim();
          sum.failed.push(...own.map(({ id, code }) => ({ id, code, message })));
          continue;
        }
        const target = await targetOf(table);
        const outcome = await redriveTable({ warehouse, target, table: whole, letters: own, edits, dryRun });
        sum.loaded += outcome.loaded;
        sum.filtered += outcome.filtered;
        sum.failed.push(...outcome.failed);
        const rows = [...(previews.get(name)?.rows ?? []), ...outcome.rows].slice(0, PREVIEW_ROWS_MAX);
        previews.set(name, { table: name, columns: table.columns.map((column) => column.name), rows });
      }
    }
    if (body.ids !== undefined && sum.chosen + sum.alreadyRedriven < new Set(names.values()).size) {
      throw new PenstockError("not-found", "Some of the dead letters that are named are not in the warehouse.", {
        hint: "The loader brings a letter there within minutes.",
      });
    }
    return { ...sum, dryRun, ...(dryRun ? { preview: [...previews.values()] } : {}) };
  } finally {
    for (const target of targets.values()) (await target).close();
    close();
  }
}

async function once<T>(known: Map<string, Promise<T>>, key: string, open: () => Promise<T>): Promise<T> {
  const found = known.get(key) ?? open();
  known.set(key, found);
  return await found;
}

interface TableRedrive {
  readonly warehouse: Warehouse;
  readonly target: RedriveTarget;
  readonly table: TableModel;
  readonly letters: readonly StoredDeadLetter[];
  readonly edits: ReadonlyMap<string, Buffer>;
  readonly dryRun: boolean;
}

async function redriveTable({ warehouse, target, table, letters, edits, dryRun }: TableRedrive) {
  const failed = new Map<string, Failure>();
  const records: Retried[] = [];
  for (const own of groupBy(letters, recordOf).values()) {
    const record = retried(table, own, edits);
    const stray = await strayFailure(warehouse, record);
    const trouble = stray ?? converted(own[0]!);
    if (trouble === undefined) records.push(record);
    // A row that fails and has no letter would be lost if the rest of its record went on: the whole record waits.
    else for (const { id } of own) failed.set(id, { id, ...trouble });
  }
  const lines: Redriven["rows"][number][] = [];
  const rows: (readonly (string | null)[])[] = [];
  const redriven: string[] = [];
  const edited = new Map<string, Uint8Array>();
  const gone: string[] = [];
  for (const { letters: own, firstRowIndex, outcomes, edit } of records) {
    const { shardId, sequenceNumber, arrivedAtMs } = own[0]!;
    for (const [at, outcome] of outcomes.entries()) {
      const letter = own.find(({ rowIndex }) => rowIndex === firstRowIndex + at);
      if (outcome.kind === "dead" && letter !== undefined) {
        failed.set(letter.id, { id: letter.id, code: outcome.fault.code, message: outcome.fault.message });
      }
      if (outcome.kind === "filtered" && letter !== undefined) gone.push(letter.id);
      if (outcome.kind !== "row") continue;
      const identity = { shardId, sequenceNumber, rowIndex: firstRowIndex + at, arrivedAtMs };
      lines.push({ line: rowJson(table, identity, outcome.cells), cells: outcome.cells });
      if (letter !== undefined) rows.push(outcome.cells);
    }
    for (const { id } of own) {
      if (failed.has(id)) continue;
      redriven.push(id);
      if (edit !== undefined) edited.set(id, edit);
    }
  }
  if (redriven.length === 0) return { loaded: 0, filtered: 0, failed: [...failed.values()], rows };
  const filteredIds = new Set(gone.filter((id) => redriven.includes(id)));
  const loaded = await target.load({ rows: lines, ids: redriven, filtered: filteredIds, edited, dryRun });
  return { loaded, filtered: gone.length, failed: [...failed.values()], rows };
}

function retried(table: TableModel, letters: readonly StoredDeadLetter[], edits: ReadonlyMap<string, Buffer>): Retried {
  const { id, raw, rowIndex } = letters[0]!;
  const edit = letters.flatMap((letter) => edits.get(letter.id) ?? [])[0];
  const plan = planRows(table);
  const decode = (data: Uint8Array) =>
    [...decodeRecord(plan, Buffer.from(data))].map((outcome) => spoken(table, outcome));
  const outcomes = decode(edit ?? raw);
  if (edit !== undefined) {
    const before = decode(raw).length;
    if (outcomes.length > before) {
      throw new PenstockError("refused", `The edit of ${id} makes ${outcomes.length} rows of a record of ${before}.`, {
        hint: "Put further rows into the stream, where they get an identity of their own.",
      });
    }
  }
  return { letters, outcomes, edit, firstRowIndex: Math.floor(rowIndex / ROWS_A_SUBSEQUENCE) * ROWS_A_SUBSEQUENCE };
}

function spoken(table: TableModel, outcome: RowOutcome): RowOutcome {
  const column = outcome.kind === "row" ? unspeakable(table, outcome.cells) : undefined;
  if (column === undefined) return outcome;
  const message = `${column}: NaN and infinity have no word in JSON`;
  return { kind: "dead", fault: { code: "out-of-range", column, message } };
}

/** What Firehose could not convert is not the record any more, but the transform's answer, with the rows' own identities in it. */
function converted({ code, raw }: StoredDeadLetter): Omit<Failure, "id"> | undefined {
  if (!/^\s*\{"_shard_id":/.test(Buffer.from(raw.subarray(0, 64)).toString())) return undefined;
  return {
    code,
    message:
      "Firehose could not convert the transform's rows, and its letter holds them, not the record: put the record again.",
  };
}

async function strayFailure(
  warehouse: Warehouse,
  { letters, outcomes, firstRowIndex }: Retried,
): Promise<Omit<Failure, "id"> | undefined> {
  const { table, shardId, sequenceNumber } = letters[0]!;
  const chosen = new Set(letters.map(({ rowIndex }) => rowIndex));
  for (const [at, outcome] of outcomes.entries()) {
    const rowIndex = firstRowIndex + at;
    // A record that Firehose never delivered has one letter for all of its rows.
    if (outcome.kind !== "dead" || chosen.has(rowIndex)) continue;
    const id = `${table}/${shardId}/${sequenceNumber}/${rowIndex}`;
    if ((await warehouse.deadLetters({ ids: [id], limit: 1 })).length === 0) {
      return { code: outcome.fault.code, message: outcome.fault.message };
    }
  }
  return undefined;
}

function recordOf({ shardId, sequenceNumber, rowIndex }: StoredDeadLetter): string {
  return `${shardId}/${sequenceNumber}/${Math.floor(rowIndex / ROWS_A_SUBSEQUENCE)}`;
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
