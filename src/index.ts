/** The package's public entry: what a pipeline's definition is written with. */
export type { AnyColumn, Column, ColumnEncoding, Columns, RowOf } from "./definition/column.js";
export {
  bigint,
  boolean,
  char,
  date,
  decimal,
  doublePrecision,
  integer,
  real,
  smallint,
  superType,
  time,
  timestamp,
  timestamptz,
  varchar,
} from "./definition/column.js";
export type { CsvOptions, Format, JsonOptions } from "./definition/format.js";
export { csv, json } from "./definition/format.js";
export type { LoadMode } from "./definition/model.js";
export type { Partition, PartitionOptions, SortKey } from "./definition/partition.js";
export { day, hour, interleaved, month, year } from "./definition/partition.js";
export type { ChartOptions, Pipeline, PipelineOptions } from "./definition/pipeline.js";
export { pipeline } from "./definition/pipeline.js";
export type { Source, StreamOptions } from "./definition/source.js";
export { directPut, stream } from "./definition/source.js";
export type { AnyTable, DeliverOptions, Row, Table, TableOptions } from "./definition/table.js";
export { table } from "./definition/table.js";
