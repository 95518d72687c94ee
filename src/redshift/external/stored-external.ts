/** What the catalog keeps of an external table, as JSON: where its objects are and how they are read. */
import type { StoredRelation } from "../catalog/stored.js";

export interface StoredExternal {
  readonly location: string;
  readonly format: ExternalFormat;
  /** A table of the pipeline: only objects that hold rows of it. */
  readonly lakeTable?: string;
  /** Names of partition columns, in order; they come last in the table. */
  readonly partitionColumns: readonly string[];
  /** Those of the lake are in the keys (`day=2026-01-05/`); others are told by ADD PARTITION. */
  readonly partitions?: readonly StoredPartition[];
  readonly inputFormat: string;
  readonly outputFormat: string;
  readonly serde: string;
  readonly serdeParameters: string;
  readonly parameters: string;
}

export interface StoredPartition {
  /** By the order of `partitionColumns`. */
  readonly values: readonly string[];
  readonly location: string;
}

export type ExternalFormat =
  | { readonly kind: "parquet" }
  | { readonly kind: "json" }
  | {
      readonly kind: "csv";
      readonly delimiter: string;
      readonly quote: string;
      readonly skip: number;
      readonly nullText: string;
    };

export function storedExternal(relation: StoredRelation): StoredExternal {
  return JSON.parse(relation.external ?? "{}") as StoredExternal;
}

const FORMATS: Readonly<
  Record<ExternalFormat["kind"], Pick<StoredExternal, "inputFormat" | "outputFormat" | "serde">>
> = {
  parquet: {
    inputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    outputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    serde: "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
  },
  csv: {
    inputFormat: "org.apache.hadoop.mapred.TextInputFormat",
    outputFormat: "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
    serde: "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
  },
  json: {
    inputFormat: "org.apache.hadoop.mapred.TextInputFormat",
    outputFormat: "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
    serde: "org.openx.data.jsonserde.JsonSerDe",
  },
};

export function newExternal(
  given: Pick<StoredExternal, "location" | "format" | "partitionColumns"> & Partial<StoredExternal>,
): StoredExternal {
  const { format } = given;
  return {
    ...FORMATS[format.kind],
    serdeParameters: JSON.stringify(format.kind === "csv" ? { "field.delim": format.delimiter } : {}),
    parameters: "{}",
    ...given,
  };
}
