/**
 * What marks the objects that the builders make. The symbols are registered ones, so that a definition which came by another copy of
 * this package (another folder's node_modules, source beside a build) is known all the same.
 */
export const COLUMN: unique symbol = Symbol.for("penstock.column") as never;
export const SOURCE: unique symbol = Symbol.for("penstock.source") as never;
export const FORMAT: unique symbol = Symbol.for("penstock.format") as never;
export const PARTITION: unique symbol = Symbol.for("penstock.partition") as never;
export const SORT_KEY: unique symbol = Symbol.for("penstock.sort-key") as never;
export const TABLE: unique symbol = Symbol.for("penstock.table") as never;
export const PIPELINE: unique symbol = Symbol.for("penstock.pipeline") as never;

/** The draft behind a builder's object; undefined for anything else. */
export function draftOf<T>(value: unknown, brand: symbol): T | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  return (value as Record<symbol, T | undefined>)[brand];
}
