import { gunzipSync } from "node:zlib";
import type { Clock } from "../core/clock.js";
import { PenstockError } from "../core/errors.js";
import { inTurn } from "../core/in-turn.js";
import { METADATA_COLUMNS, type TableModel } from "../definition/model.js";
import { mappingOf } from "../definition/types.js";
import type { LakeObject } from "../delivery/flush.js";
import { readJsonFile, writeFileAtomically } from "../disk/atomic-file.js";
import type { Disk } from "../disk/disk.js";
import type { ObjectStore } from "../lake/object-store.js";
import type {
  DeadLetterChoice,
  LedgerEntry,
  LoadReport,
  LoadRequest,
  RowRange,
  StoredDeadLetter,
  Warehouse,
  WarehouseColumn,
} from "./warehouse.js";

/** A row by column name: the metadata columns and the table's own, as the lake's JSON object has them. */
export type MemoryRow = Readonly<Record<string, unknown>>;

export interface MemoryWarehouse extends Warehouse {
  /** What SQL would show: the rows of a table. */
  contents(target: string): readonly MemoryRow[];
  /** Identities that `dedupe` kept out or replaced, and the identity in their place. */
  deduped(target: string): readonly DedupedRow[];
}

export interface DedupedRow {
  readonly target: string;
  readonly identity: string;
  readonly winner: string;
}

export interface MemoryWarehouseOptions {
  /** The state's file. Everything the driver knows is in it, replaced whole at each commit. */
  readonly path: string;
  readonly disk: Disk;
  readonly lake: ObjectStore;
  readonly clock: Clock;
  /** How an object's rows are read; by default lines of JSON, plain or gzip. */
  readonly readRows?: (object: LakeObject) => Promise<readonly MemoryRow[]>;
}

interface State {
  tables: Record<string, { columns: WarehouseColumn[]; rows: MemoryRow[] }>;
  loads: LedgerEntry[];
  letters: (Omit<StoredDeadLetter, "raw"> & { readonly rawBase64: string })[];
  deduped: DedupedRow[];
  /** Targets whose later loads must look at identities. */
  replayed: string[];
}

/**
 * A warehouse small enough to be simulated: it keeps its promises (a transaction is there whole or not at all, durable once answered) over the
 * disk port, so that a simulated crash reaches it as it reaches the rest of our own input and output. It has no SQL, and it holds all rows in
 * memory: for simulations and for tests of what stands before a warehouse.
 */
export async function openMemoryWarehouse(options: MemoryWarehouseOptions): Promise<MemoryWarehouse> {
  const { disk, path, clock, lake } = options;
  const readRows = options.readRows ?? ((object: LakeObject) => readJsonLines(lake, object));
  let state: State = (await readJsonFile<State>(disk, path)) ?? {
    tables: {},
    loads: [],
    letters: [],
    deduped: [],
    replayed: [],
  };
  const take = inTurn();
  let failed: unknown;

  /** All changes go one after another, each on a copy that takes the place of the state when it is durable. */
  const commit = <T>(work: (draft: State) => Promise<T>, options: { readonly commit?: boolean } = {}): Promise<T> =>
    take("", async () => {
      if (failed !== undefined)
        throw new PenstockError("poisoned", "An earlier write of the warehouse failed.", { cause: failed });
      const draft: State = {
        tables: Object.fromEntries(
          Object.entries(state.tables).map(([name, table]) => [name, { ...table, rows: [...table.rows] }]),
        ),
        loads: [...state.loads],
        letters: [...state.letters],
        deduped: [...state.deduped],
        replayed: [...state.replayed],
      };
      const result = await work(draft);
      if (options.commit === false) return result;
      try {
        // Commit point. Before: the file of the transaction before this one. After: this one, rows and ledger together.
        await writeFileAtomically(disk, path, JSON.stringify(draft));
      } catch (error) {
        failed = error;
        throw new PenstockError("poisoned", "The warehouse could not be written.", { cause: error });
      }
      state = draft;
      return result;
    });

  return {
    contents: (target) => state.tables[target]?.rows ?? [],
    deduped: (target) => state.deduped.filter((row) => row.target === target),

    applyTable: (table, { as: target = table.name } = {}) =>
      commit(async (draft) => {
        const wanted = columnsOf(table);
        const present = draft.tables[target];
        if (present === undefined) {
          draft.tables[target] = { columns: wanted, rows: [] };
          return;
        }
        present.columns.forEach((has, index) => {
          const want = wanted[index];
          if (want?.name === has.name && want.type === has.type && want.nullable === has.nullable) return;
          throw new PenstockError(
            "incompatible-schema",
            `The table "${target}" in the warehouse is not what the definition says: its column ${index + 1} is "${has.name}" (${has.type}).`,
          );
        });
        const added = table.columns.slice(present.columns.length - METADATA_COLUMNS.length);
        for (const column of added) {
          if (column.nullable || column.default !== undefined) continue;
          throw new PenstockError(
            "incompatible-schema",
            `The new column "${column.name}" is NOT NULL and has no default.`,
          );
        }
        const defaults = Object.fromEntries(added.map((column) => [column.name, column.default ?? null]));
        draft.tables[target] = { columns: wanted, rows: present.rows.map((row) => ({ ...defaults, ...row })) };
      }),

    describeTable: async (name) => state.tables[name]?.columns,

    load: (request) => commit((draft) => load(draft, request, readRows, clock), { commit: request.dryRun !== true }),

    ledger: async (target, keys) => {
      const wanted = new Set(keys);
      return new Map(
        state.loads
          .filter((entry) => entry.target === target && wanted.has(entry.key))
          .map((entry) => [entry.key, entry]),
      );
    },

    quarantine: (target, object, reason) =>
      commit(async (draft) => {
        const counts = { rows: object.rows, loadedRows: 0, dedupedRows: 0, replacedRows: 0 };
        enter(draft, { ...entryOf(target, object, counts, clock.now()), status: "quarantined", reason });
      }),

    summary: async (target, newest) => {
      const entries = state.loads.filter((entry) => entry.target === target);
      const sorted = entries.toSorted((a, b) => b.loadedAtMs - a.loadedAtMs || b.flush - a.flush);
      const sum = (kind: LedgerEntry["kind"], field: "loadedRows" | "dedupedRows" | "replacedRows") =>
        entries.reduce((total, entry) => total + (entry.kind === kind ? entry[field] : 0), 0);
      return {
        loadedRows: sum("rows", "loadedRows"),
        dedupedRows: sum("rows", "dedupedRows"),
        replacedRows: sum("rows", "replacedRows"),
        deadLetters: sum("dead", "loadedRows"),
        quarantined: sorted.filter((entry) => entry.status === "quarantined"),
        newest: sorted.slice(0, newest),
      };
    },

    deadLetters: async (choice) => chooseLetters(state, choice),

    query: () =>
      Promise.reject(
        new PenstockError("refused", "This warehouse has no SQL.", {
          hint: "It is for simulations; open a DuckDB warehouse.",
        }),
      ),

    close: () => take("", async () => undefined),
  };
}

async function load(
  draft: State,
  request: LoadRequest,
  readRows: (object: LakeObject) => Promise<readonly MemoryRow[]>,
  clock: Clock,
): Promise<LoadReport> {
  const { table, target } = request;
  const isLoaded = (key: string) =>
    draft.loads.some((entry) => entry.target === target && entry.key === key && entry.status === "loaded");
  const chosen = request.objects.filter((object) => request.skipExisting === true || !isLoaded(object.key));
  markRedriven(draft, request.redriven ?? [], clock.now());
  const loaded: LedgerEntry[] = [];
  let oldestArrivalMs = Number.POSITIVE_INFINITY;
  for (const object of chosen) {
    if (object.kind === "filtered")
      throw new PenstockError("invalid-argument", `${object.key} holds filtered identities, not rows.`);
    const rows = await readRows(object);
    if (rows.length !== object.rows) {
      throw new PenstockError(
        "load-failed",
        `The object ${object.key} holds ${rows.length} rows; when it was delivered it had ${object.rows}.`,
      );
    }
    const counts =
      object.kind === "dead"
        ? loadLetters(draft, table, object, rows)
        : loadRows(draft, request, object, rows, clock.now());
    for (const row of rows) {
      if (object.kind === "rows")
        oldestArrivalMs = Math.min(oldestArrivalMs, Number(microsOf(row._arrived_at) / 1000n));
    }
    loaded.push(entryOf(target, object, counts, clock.now()));
  }
  if (request.range === undefined) for (const entry of loaded) enter(draft, entry);
  if (request.skipExisting === true && !draft.replayed.includes(target)) draft.replayed.push(target);
  return {
    loaded,
    already: request.objects.filter((object) => !chosen.includes(object)).map((object) => object.key),
    ...(Number.isFinite(oldestArrivalMs) ? { oldestArrivalMs } : {}),
  };
}

type Counts = Pick<LedgerEntry, "rows" | "loadedRows" | "dedupedRows" | "replacedRows">;

function loadRows(
  draft: State,
  request: LoadRequest,
  object: LakeObject,
  all: readonly MemoryRow[],
  nowMs: number,
): Counts {
  const { table, target } = request;
  const present = draft.tables[target];
  if (present === undefined)
    throw new PenstockError("incompatible-schema", `The table "${target}" is not in the warehouse.`);
  const known = new Set(present.columns.map((column) => column.name));
  const rows = request.range === undefined ? all : all.filter((row) => isInside(request.range ?? {}, row));
  const byIdentity = request.skipExisting === true || draft.replayed.includes(target);
  const identities = new Set(byIdentity ? present.rows.map(identityOf) : []);
  let dedupedRows = 0;
  let replacedRows = 0;
  for (const given of rows) {
    for (const name of Object.keys(given)) {
      if (known.has(name)) continue;
      throw new PenstockError(
        "load-failed",
        `The object ${object.key} has a column "${name}", which the table "${target}" has not.`,
      );
    }
    const row: Record<string, unknown> = { ...given };
    for (const column of table.columns) {
      row[column.name] ??= Object.hasOwn(given, column.name) && column.nullable ? null : (column.default ?? null);
      if (row[column.name] === null && !column.nullable) {
        throw new PenstockError(
          "load-failed",
          `The object ${object.key} has no value for "${column.name}", which is NOT NULL.`,
        );
      }
    }
    if (byIdentity && identities.has(identityOf(row))) {
      dedupedRows++;
      continue;
    }
    identities.add(identityOf(row));
    const verdict = table.dedupe === undefined ? "new" : dedupe(draft, present, table.dedupe, target, row);
    if (byIdentity && target === table.name && verdict !== "kept out") revive(draft, target, row, nowMs);
    if (verdict === "kept out") dedupedRows++;
    else present.rows.push(row);
    if (verdict === "replaces") replacedRows++;
  }
  return { rows: rows.length, loadedRows: rows.length - dedupedRows, dedupedRows, replacedRows };
}

/** One row against the table, which holds one row a key already. */
function dedupe(
  draft: State,
  present: { rows: MemoryRow[] },
  rule: NonNullable<TableModel["dedupe"]>,
  target: string,
  row: MemoryRow,
): "new" | "kept out" | "replaces" {
  const keyOf = (candidate: MemoryRow) => JSON.stringify(rule.by.map((name) => candidate[name] ?? null));
  const key = keyOf(row);
  const at = present.rows.findIndex((candidate) => keyOf(candidate) === key);
  if (at === -1) return "new";
  const held = present.rows[at] as MemoryRow;
  const order = compareRows(row, held);
  const wins = rule.keep === "latest" ? order > 0 : order < 0;
  const [winner, loser] = wins ? [row, held] : [held, row];
  draft.deduped = draft.deduped.filter((entry) => entry.target !== target || entry.identity !== identityOf(loser));
  draft.deduped.push({ target, identity: identityOf(loser), winner: identityOf(winner) });
  if (!wins) return "kept out";
  present.rows.splice(at, 1);
  return "replaces";
}

function loadLetters(draft: State, table: TableModel, object: LakeObject, lines: readonly MemoryRow[]): Counts {
  for (const line of lines) {
    const stream = String(line.stream);
    const plain = String(line.shardId);
    const shardId = table.sources.length > 1 && !plain.includes(":") ? `${stream}:${plain}` : plain;
    draft.letters.push({
      id: `${line.table}/${shardId}/${line.sequence}/${line.rowIndex}`,
      table: String(line.table),
      stream,
      shardId,
      sequence: Number(line.sequence),
      sequenceNumber: String(line.sequenceNumber ?? line.sequence),
      rowIndex: Number(line.rowIndex),
      arrivedAtMs: Number(line.arrivalTimestamp),
      code: String(line.code ?? line.errorCode),
      column: typeof line.column === "string" ? line.column : undefined,
      message: String(line.errorMessage ?? ""),
      rawBase64: String(line.rawData ?? ""),
      flush: object.flush,
      redrivenAtMs: undefined,
    });
  }
  return { rows: lines.length, loadedRows: lines.length, dedupedRows: 0, replacedRows: 0 };
}

/** A row that was dead and is loaded after all is dead no more. */
function revive(draft: State, table: string, row: MemoryRow, nowMs: number): void {
  const id = `${table}/${identityOf(row)}`;
  draft.letters = draft.letters.map((letter) =>
    letter.id === id && letter.redrivenAtMs === undefined ? { ...letter, redrivenAtMs: nowMs } : letter,
  );
}

function markRedriven(draft: State, ids: readonly string[], nowMs: number): void {
  const wanted = new Set(ids);
  const open = draft.letters.filter((letter) => wanted.has(letter.id) && letter.redrivenAtMs === undefined);
  if (open.length !== wanted.size) {
    throw new PenstockError(
      "refused",
      `Of ${wanted.size} dead letters, ${wanted.size - open.length} were redriven meanwhile, or are not there.`,
    );
  }
  draft.letters = draft.letters.map((letter) => (open.includes(letter) ? { ...letter, redrivenAtMs: nowMs } : letter));
}

function chooseLetters(state: State, choice: DeadLetterChoice): readonly StoredDeadLetter[] {
  const ids = choice.ids === undefined ? undefined : new Set(choice.ids);
  const sorted = state.letters.toSorted((a, b) => a.arrivedAtMs - b.arrivedAtMs || (a.id < b.id ? -1 : 1));
  if (choice.newestFirst) sorted.reverse();
  const from = choice.after === undefined ? 0 : sorted.findIndex((letter) => letter.id === choice.after) + 1;
  return sorted
    .slice(from)
    .filter(
      (letter) =>
        (choice.table === undefined || letter.table === choice.table) &&
        (choice.code === undefined || letter.code === choice.code) &&
        (ids === undefined || ids.has(letter.id)) &&
        (choice.redriven === undefined || choice.redriven === (letter.redrivenAtMs !== undefined)),
    )
    .slice(0, choice.limit)
    .map(({ rawBase64, ...letter }) => ({
      ...letter,
      column: letter.column,
      redrivenAtMs: letter.redrivenAtMs,
      raw: Buffer.from(rawBase64, "base64"),
    }));
}

function enter(draft: State, entry: LedgerEntry): void {
  const at = draft.loads.findIndex((held) => held.target === entry.target && held.key === entry.key);
  if (at === -1) draft.loads.push(entry);
  else if (draft.loads[at]?.status === "quarantined") draft.loads[at] = entry;
}

function entryOf(target: string, object: LakeObject, counts: Counts, nowMs: number): LedgerEntry {
  return {
    target,
    key: object.key,
    kind: object.kind === "dead" ? "dead" : "rows",
    status: "loaded",
    flush: object.flush,
    schemaVersion: object.schemaVersion,
    ...counts,
    sizeBytes: object.sizeBytes,
    loadedAtMs: nowMs,
    tookMs: 0,
  };
}

function columnsOf(table: TableModel): WarehouseColumn[] {
  return [
    ...METADATA_COLUMNS.map((name) => ({ name, type: "metadata", nullable: true })),
    ...table.columns.map(({ name, type, nullable }) => ({ name, type: mappingOf(type).redshift, nullable })),
  ];
}

function identityOf(row: MemoryRow): string {
  return `${row._shard_id}/${row._sequence_number}/${row._row_index}`;
}

function isInside(range: RowRange, row: MemoryRow): boolean {
  const arrivedMs = Number(microsOf(row._arrived_at)) / 1000;
  const sequence = Number(row._sequence_number);
  return (
    (range.shardId === undefined || range.shardId === row._shard_id) &&
    sequence >= (range.fromSequence ?? 0) &&
    sequence <= (range.toSequence ?? Number.POSITIVE_INFINITY) &&
    arrivedMs >= (range.sinceMs ?? Number.NEGATIVE_INFINITY) &&
    arrivedMs < (range.untilMs ?? Number.POSITIVE_INFINITY)
  );
}

function compareRows(a: MemoryRow, b: MemoryRow): number {
  const [first, second] = [microsOf(a._arrived_at), microsOf(b._arrived_at)];
  if (first !== second) return first < second ? -1 : 1;
  if (a._shard_id !== b._shard_id) return String(a._shard_id) < String(b._shard_id) ? -1 : 1;
  return Number(a._sequence_number) - Number(b._sequence_number) || Number(a._row_index) - Number(b._row_index);
}

/** ISO text with up to six digits of a second, or a number of milliseconds. */
function microsOf(value: unknown): bigint {
  if (typeof value === "number") return BigInt(Math.round(value * 1000));
  const written = String(value);
  const fraction = /\.(\d{1,6})/.exec(written)?.[1] ?? "";
  const seconds = Math.floor(Date.parse(written.replace(" ", "T").replace(/\+00$/, "Z")) / 1000);
  return BigInt(seconds) * 1_000_000n + BigInt(fraction.padEnd(6, "0"));
}

async function readJsonLines(lake: ObjectStore, object: LakeObject): Promise<MemoryRow[]> {
  const pieces: Buffer[] = [];
  for await (const piece of await lake.get(object.key)) pieces.push(piece as Buffer);
  const whole = Buffer.concat(pieces);
  try {
    const content = (object.key.endsWith(".gz") ? gunzipSync(whole) : whole).toString("utf8");
    return content
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map((line) => JSON.parse(line) as MemoryRow);
  } catch (error) {
    throw new PenstockError("load-failed", `The object ${object.key} is not lines of JSON.`, { cause: error });
  }
}
