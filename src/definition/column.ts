import { COLUMN } from "./brand.js";
import type { ColumnType } from "./model.js";

/** What a column's builder has gathered; unchecked, since a definition may be plain JavaScript. */
export interface ColumnDraft {
  readonly type: ColumnType;
  readonly nullable: boolean;
  readonly path?: unknown;
  readonly default?: unknown;
  readonly timeFormat?: unknown;
  readonly encode?: unknown;
}

/** Exists for the compiler alone: what a column holds, and whether a row must name it. */
declare const HOLDS: unique symbol;

/** One column of a table. Each call answers a new column; nothing is checked before `pipeline()`, which reports every mistake at once. */
export interface Column<Value, Nullable extends boolean, Defaulted extends boolean> {
  readonly [COLUMN]: ColumnDraft;
  readonly [HOLDS]: { readonly value: Value; readonly nullable: Nullable; readonly defaulted: Defaulted };
  /** A record without a value for it becomes a dead letter (unless there is a default). */
  notNull(): Column<Value, false, Defaulted>;
  /** Used where a record has no such field (JSON) or an empty one (CSV). */
  default(value: DefaultOf<Value>): Column<Value, Nullable, true>;
  /** Where a JSON record has the value: `"$.quote.bid"`, or its segments `["quote", "bid"]`. The column's own name unless given. */
  path(path: string | readonly string[]): Column<Value, Nullable, Defaulted>;
  /**
   * How a date or a timestamp is written: "epochsecs", "epochmillisecs", or Redshift's dateparts, such as "YYYY-MM-DD HH24:MI:SS".
   * ISO 8601 unless given.
   */
  format<const F extends string>(
    format: F,
  ): Column<F extends "epochsecs" | "epochmillisecs" ? Date | number : Value, Nullable, Defaulted>;
  /** A Redshift column encoding, such as "zstd"; chosen by the warehouse unless given. */
  encode(encoding: ColumnEncoding): Column<Value, Nullable, Defaulted>;
}

/** A column whatever it holds. */
export interface AnyColumn {
  readonly [COLUMN]: ColumnDraft;
  readonly [HOLDS]: { readonly value: unknown; readonly nullable: boolean; readonly defaulted: boolean };
}
export type Columns = Readonly<Record<string, AnyColumn>>;

/** Redshift's compression encodings; which of them fit which type is checked with the definition. */
export type ColumnEncoding =
  | "raw"
  | "az64"
  | "bytedict"
  | "delta"
  | "delta32k"
  | "lzo"
  | "mostly8"
  | "mostly16"
  | "mostly32"
  | "runlength"
  | "text255"
  | "text32k"
  | "zstd";

type DefaultOf<Value> = unknown extends Value ? NonNullable<unknown> : Value;

/**
 * The row that a producer gives for a table's columns. A column that is NOT NULL and has no default must be there; NULL can be given
 * where the column is nullable.
 *
 * | columns | values | why |
 * |---|---|---|
 * | smallint, integer, real, double precision | `number` | exact in a double |
 * | bigint | `number \| bigint` | a number must be a safe integer; beyond 2^53 only a bigint is exact |
 * | decimal | `number \| string` | a number is written with its shortest decimal text; text is taken digit by digit |
 * | varchar, char, time | `string` | |
 * | date, timestamp, timestamptz | `Date \| string` | ISO 8601 text, or the column's own format; with an epoch format `Date \| number` |
 * | super | `unknown` | any JSON value |
 */
export type RowOf<C extends Columns> = Flat<
  { -readonly [K in RequiredOf<C>]: ValueOf<C[K]> } & {
    -readonly [K in Exclude<keyof C, RequiredOf<C>>]?: ValueOf<C[K]> | NullOf<C[K]> | undefined;
  }
>;

type Flat<T> = { [K in keyof T]: T[K] };
type ValueOf<C extends AnyColumn> = C[typeof HOLDS]["value"];
type NullOf<C extends AnyColumn> = C[typeof HOLDS]["nullable"] extends false ? never : null;
type RequiredOf<C extends Columns> = {
  [K in keyof C]: C[K][typeof HOLDS] extends { readonly nullable: false; readonly defaulted: false } ? K : never;
}[keyof C];

/** Text of at most `bytes` bytes of UTF-8, 1 to 65,535. */
export function varchar(bytes: number): Column<string, true, false> {
  return column({ kind: "varchar", length: bytes });
}

/** Text of at most `bytes` bytes, 1 to 4,096, padded with blanks in the warehouse; single-byte characters only. */
export function char(bytes: number): Column<string, true, false> {
  return column({ kind: "char", length: bytes });
}

/** -32,768 to 32,767. */
export function smallint(): Column<number, true, false> {
  return column({ kind: "smallint" });
}

/** -2,147,483,648 to 2,147,483,647. */
export function integer(): Column<number, true, false> {
  return column({ kind: "integer" });
}

/** Whole numbers of 64 bits. */
export function bigint(): Column<number | bigint, true, false> {
  return column({ kind: "bigint" });
}

/** An exact number of `precision` digits (1 to 38), `scale` of them behind the point (0 to 37). */
export function decimal(precision: number, scale = 0): Column<number | string, true, false> {
  return column({ kind: "decimal", precision, scale });
}

/** A floating-point number of 32 bits. */
export function real(): Column<number, true, false> {
  return column({ kind: "real" });
}

/** A floating-point number of 64 bits. */
export function doublePrecision(): Column<number, true, false> {
  return column({ kind: "double" });
}

export function boolean(): Column<boolean, true, false> {
  return column({ kind: "boolean" });
}

/** A day of the calendar. */
export function date(): Column<Date | string, true, false> {
  return column({ kind: "date" });
}

/** A date and a time without a zone, to the microsecond. A JavaScript Date stands for its wall time in UTC. */
export function timestamp(): Column<Date | string, true, false> {
  return column({ kind: "timestamp" });
}

/** A point in time, to the microsecond. Text without a zone is taken as UTC. */
export function timestamptz(): Column<Date | string, true, false> {
  return column({ kind: "timestamptz" });
}

/** A time of day, to the microsecond: "09:30:00.25". */
export function time(): Column<string, true, false> {
  return column({ kind: "time" });
}

/** Redshift's SUPER (`super` itself is a word of JavaScript): any JSON value, kept as its text. */
export function superType(): Column<unknown, true, false> {
  return column({ kind: "super" });
}

function column<Value>(type: ColumnType): Column<Value, true, false> {
  return build<Value, true, false>({ type, nullable: true });
}

function build<Value, Nullable extends boolean, Defaulted extends boolean>(
  draft: ColumnDraft,
): Column<Value, Nullable, Defaulted> {
  const methods: Omit<Column<Value, Nullable, Defaulted>, typeof HOLDS> = {
    [COLUMN]: Object.freeze(draft),
    notNull: () => build({ ...draft, nullable: false }),
    default: (value) => build({ ...draft, default: value }),
    path: (path) => build({ ...draft, path }),
    format: (timeFormat) => build({ ...draft, timeFormat }),
    encode: (encode) => build({ ...draft, encode }),
  };
  // HOLDS is only ever a type.
  return Object.freeze(methods) as Column<Value, Nullable, Defaulted>;
}
