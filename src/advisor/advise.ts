/** Everything that the advisor has to say of one table, put together from a sample of it and the logged statements. */
import type { ColumnAdvice, SortKeyCandidate, TableAdvice } from "../api/control/contract.js";
import { typeText } from "../redshift/types.js";
import type { AdvisedColumn, AdvisedTable, TableSample } from "./advised-table.js";
import { alterStatements, createTable } from "./ddl.js";
import { adviseDistribution } from "./distribution.js";
import { BLOCK_BYTES } from "./encodings/codec.js";
import { chooseEncoding, flattered, type MeasureTools, measureColumn } from "./measure.js";
import { definitionPatch } from "./patch.js";
import { type ColumnsOf, type LoggedStatement, type TableUse, usesOf } from "./query-uses.js";
import { type RankedColumn, rankColumn } from "./ranks.js";
import { reasonsFor } from "./reasons.js";
import type { SampleValue } from "./sample.js";
import { adviseSortKey, orderBy } from "./sort-key.js";

export interface AdviceOptions {
  readonly table: AdvisedTable;
  readonly sample: TableSample;
  readonly statements: readonly LoggedStatement[];
  readonly columnsOf: ColumnsOf;
  /** For which zone maps and slices are reckoned. */
  readonly expectedRows: number;
  readonly slices: number;
  readonly tools: MeasureTools;
}

/** Candidates for a sort key are tried on so many of the sample's rows. */
const KEY_ROWS_MAX = 20_000;
/** Where nothing has been measured yet: bytes a value. */
const VALUE_BYTES_LEAST = 1 / 8;

export async function adviseTable(options: AdviceOptions): Promise<TableAdvice> {
  const { table, sample, statements, columnsOf, expectedRows, slices, tools } = options;
  const uses = statements.flatMap((statement) => usesOf(statement, table, columnsOf));
  const used = new Map<string, readonly SampleValue[]>();
  const read = async (name: string) => {
    const known = used.get(name);
    if (known !== undefined) return known;
    const values = await sample.column(table.columns.find((column) => column.name === name)!);
    used.set(name, values);
    return values;
  };
  const filtered = namesOf(uses, ({ tests }) => tests);
  const sortColumns = [...new Set([...filtered, ...(table.sortKey?.columns ?? [])])];
  for (const name of sortColumns) await read(name);
  const rows = (await read(table.columns[0]!.name)).length;

  // Once as they arrived, to know how many rows a block of each would hold.
  const arrived = new Map<string, ColumnAdvice>();
  for (const name of sortColumns) arrived.set(name, await measure(table, name, await read(name), tools));
  const zones = (name: string, leading: boolean) => {
    const { sizes = [] } = arrived.get(name) ?? {};
    const wanted = leading ? sizes.filter(({ encoding }) => encoding === "raw") : sizes;
    const size = Math.min(...wanted.map(({ sizeBytes }) => sizeBytes));
    const bytesPerRow = Math.max(VALUE_BYTES_LEAST, size / Math.max(1, rows));
    return (expectedRows / slices) * (bytesPerRow / BLOCK_BYTES);
  };

  const ranked = new Map<string, RankedColumn>();
  for (const name of sortColumns) {
    ranked.set(name, rankColumn(columnOf(table, name), thinned(await read(name), KEY_ROWS_MAX)));
    await tools.pause();
  }
  const sortKey = await adviseSortKey({
    uses,
    columns: ranked,
    rows: Math.min(rows, KEY_ROWS_MAX),
    zones,
    ...(table.sortKey === undefined ? {} : { current: table.sortKey }),
    pause: tools.pause,
  });

  const key = sortKey.best ?? sortKey.current;
  const order = sampleOrder(key, table, used, rows);
  const columns: ColumnAdvice[] = [];
  for (const { name } of table.columns) {
    const values = await read(name);
    const sorted = order === undefined ? values : Array.from(order, (row) => values[row]!);
    const advice = await measure(table, name, sorted, tools);
    columns.push(name === key.columns[0] ? leading(advice) : advice);
    if (!sortColumns.includes(name) && !isJoined(uses, name)) used.delete(name);
  }

  const joinColumns = [];
  const keys = [...namesOf(uses, ({ joins }) => joins), ...(table.distKey === undefined ? [] : [table.distKey])];
  for (const name of new Set(keys)) {
    joinColumns.push({ column: columnOf(table, name), values: await read(name) });
  }
  const distribution = adviseDistribution({ uses, joinColumns, slices, expectedRows });
  const found = {
    table: table.name,
    sample: { from: sample.from, rows, rowsTotal: Math.max(rows, sample.rowsTotal), expectedRows },
    queries: {
      statements: sum(statementsOf(uses)),
      useful: sum(statementsOf(uses.filter(({ tests, joins }) => tests.length + joins.length > 0))),
    },
    columns,
    sortKey,
    distribution,
  };
  return {
    ...found,
    reasons: reasonsFor(found, uses),
    ddl: createTable(table, found),
    alter: table.exists ? alterStatements(table, found) : [],
    patch: table.model === undefined ? "" : definitionPatch(table.model, found),
  };
}

async function measure(
  table: AdvisedTable,
  name: string,
  values: readonly SampleValue[],
  tools: MeasureTools,
): Promise<ColumnAdvice> {
  const column = columnOf(table, name);
  const sizes = await measureColumn(column, values, tools);
  const { encoding, reductionPercent, note } = chooseEncoding(sizes, flattered(values));
  return {
    name,
    type: typeText(column.type),
    ...(column.encode === undefined ? {} : { current: column.encode }),
    best: encoding,
    reductionPercent,
    sizes,
    ...(note === undefined ? {} : { note }),
  };
}

/** Source: "Automatic compression": "consider using RAW for sort keys". */
function leading(advice: ColumnAdvice): ColumnAdvice {
  if (advice.best === "raw") return advice;
  return {
    ...advice,
    best: "raw",
    reductionPercent: 0,
    note: `${advice.best} would save ${advice.reductionPercent.toFixed(2)}%; the sort key's first column stays RAW, so that a range of it points to few blocks of the others`,
  };
}

function columnOf(table: AdvisedTable, name: string): AdvisedColumn {
  return table.columns.find((column) => column.name === name)!;
}

/** How the rows would lie by the key; undefined where they stay as they came. */
function sampleOrder(
  key: SortKeyCandidate,
  table: AdvisedTable,
  values: ReadonlyMap<string, readonly SampleValue[]>,
  rows: number,
): Int32Array | undefined {
  if (key.style === "none" || key.columns.length === 0) return undefined;
  const ranked = key.columns.map((name) => rankColumn(columnOf(table, name), values.get(name)!));
  return orderBy(key.style, ranked, rows);
}

/** Evenly, in their order. */
function thinned<T>(values: readonly T[], most: number): readonly T[] {
  if (values.length <= most) return values;
  return Array.from({ length: most }, (_, index) => values[Math.floor((index * values.length) / most)]!);
}

function namesOf(uses: readonly TableUse[], of: (use: TableUse) => readonly { readonly column: string }[]): string[] {
  return [...new Set(uses.flatMap((use) => of(use).map(({ column }) => column)))];
}

function isJoined(uses: readonly TableUse[], name: string): boolean {
  return uses.some(({ joins }) => joins.some(({ column }) => column === name));
}

function statementsOf(uses: readonly TableUse[]): LoggedStatement[] {
  return [...new Set(uses.map(({ statement }) => statement))];
}

function sum(statements: readonly LoggedStatement[]): number {
  return statements.reduce((total, { count }) => total + count, 0);
}
