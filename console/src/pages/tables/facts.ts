/** What the system views say of the tables, and what their rows say of the columns. */
import type { QueryResult } from "../../../../src/warehouse/warehouse.ts";
import { ApiError, post } from "../../api.ts";

export interface TableFacts {
  readonly schema: string;
  readonly name: string;
  readonly rows: number;
  readonly sizeBytes: number;
  readonly distStyle: string;
  readonly sortKey: string;
}

export interface ColumnFacts {
  readonly name: string;
  readonly type: string;
  readonly encoding: string;
  readonly nullable: boolean;
  readonly isDistKey: boolean;
  /** 1 for the first of the sort key; 0 for none. */
  readonly sortPosition: number;
}

export interface ColumnStatistics {
  readonly name: string;
  readonly nulls: number;
  readonly distinct: number | undefined;
  readonly smallest: string | undefined;
  readonly largest: string | undefined;
}

export interface Statistics {
  readonly rows: number;
  readonly columns: readonly ColumnStatistics[];
}

const MIB = 1024 * 1024;
/** Of one value, as shown. */
const VALUE_CHARS_MAX = 40;

async function query(sql: string, signal?: AbortSignal): Promise<QueryResult> {
  return await post<QueryResult>("query", { sql, rowsMax: 10_000 }, signal);
}

export async function tablesThere(signal: AbortSignal): Promise<readonly TableFacts[]> {
  const { rows } = await query(
    `select "schema", "table", coalesce(tbl_rows, 0), coalesce(size, 0), diststyle, coalesce(sortkey1, '') from svv_table_info
     where "schema" not in ('pg_catalog', 'information_schema', 'penstock') order by case "schema" when 'public' then 0 else 1 end, 1, 2`,
    signal,
  );
  return rows.map(([schema, name, count, blocks, distStyle, sortKey]) => ({
    schema: String(schema),
    name: String(name),
    rows: Number(count),
    sizeBytes: Number(blocks) * MIB,
    distStyle: String(distStyle),
    sortKey: String(sortKey),
  }));
}

export async function columnsOf({ schema, name }: TableFacts, signal: AbortSignal): Promise<readonly ColumnFacts[]> {
  const { rows } = await query(
    `select column_name, data_type, encoding, is_nullable, distkey, sortkey from svv_redshift_columns
     where schema_name = ${text(schema)} and table_name = ${text(name)} order by ordinal_position`,
    signal,
  );
  return rows.map(([column, type, encoding, nullable, distKey, sortPosition]) => ({
    name: String(column),
    type: String(type),
    encoding: encoding === null ? "" : String(encoding),
    nullable: String(nullable).toUpperCase() !== "NO",
    isDistKey: distKey === true || String(distKey) === "true" || String(distKey) === "t",
    sortPosition: Number(sortPosition ?? 0),
  }));
}

/** One pass over the table. */
export async function statisticsOf(
  { schema, name }: TableFacts,
  columns: readonly ColumnFacts[],
  signal: AbortSignal,
): Promise<Statistics> {
  const parts = columns.flatMap((column) => {
    const quoted = identifier(column.name);
    const shown = (value: string) => `left(cast(${value} as varchar), ${VALUE_CHARS_MAX})`;
    const ordered = !/super|varbyte|boolean|hllsketch|geometry|geography/i.test(column.type);
    return [
      `count(*) - count(${quoted})`,
      ordered ? `approximate count(distinct ${quoted})` : "null",
      ordered ? shown(`min(${quoted})`) : "null",
      ordered ? shown(`max(${quoted})`) : "null",
    ];
  });
  const { rows } = await query(
    `select count(*), ${parts.join(", ")} from ${identifier(schema)}.${identifier(name)}`,
    signal,
  );
  const [total, ...values] = rows[0] ?? [0];
  const textAt = (at: number) => (values[at] === null || values[at] === undefined ? undefined : String(values[at]));
  return {
    rows: Number(total),
    columns: columns.map((column, index) => ({
      name: column.name,
      nulls: Number(values[index * 4] ?? 0),
      // Estimated, and so sometimes above what can be.
      distinct:
        textAt(index * 4 + 1) === undefined ? undefined : Math.min(Number(total), Number(values[index * 4 + 1])),
      smallest: textAt(index * 4 + 2),
      largest: textAt(index * 4 + 3),
    })),
  };
}

/** For an effect: asks, and takes no answer once the page has gone on. */
export function ask<T>(
  question: (signal: AbortSignal) => Promise<T>,
  onAnswer: (answer: T) => void,
  onFailure: (message: string | undefined) => void,
): () => void {
  const leaving = new AbortController();
  question(leaving.signal).then(
    (answer) => {
      if (leaving.signal.aborted) return;
      onFailure(undefined);
      onAnswer(answer);
    },
    (error: unknown) => {
      if (leaving.signal.aborted) return;
      onFailure(error instanceof ApiError ? [error.message, error.hint].filter(Boolean).join(" ") : String(error));
    },
  );
  return () => leaving.abort();
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function text(value: string): string {
  return `'${value.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}
