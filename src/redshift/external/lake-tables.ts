/** The pipeline's tables as external ones: each over the Parquet that delivery writes. */
import type { PipelineModel, TableModel } from "../../definition/model.js";
import { partitionColumns } from "../../definition/partition-columns.js";
import { pipelineRelation } from "../catalog/pipeline-table.js";
import type { StoredColumn, StoredRelation } from "../catalog/stored.js";
import { newExternal } from "./stored-external.js";

export interface LakeCatalog {
  /** What DATABASE names: the pipeline. */
  readonly database: string;
  readonly bucket: string;
  readonly tables: readonly TableModel[];
}

export function lakeCatalog(model: PipelineModel, bucket: string): LakeCatalog {
  // Only what Spectrum reads by itself, with its types.
  return {
    database: model.name,
    bucket,
    tables: model.tables.filter(({ deliver }) => deliver.fileFormat === "parquet"),
  };
}

export interface LakeRelationOptions {
  readonly schema: string;
  readonly owner: string;
  readonly oid: number;
  readonly nowMs: number;
}

export function lakeRelation(table: TableModel, { bucket }: LakeCatalog, options: LakeRelationOptions): StoredRelation {
  const { schema, owner, oid, nowMs } = options;
  const base = pipelineRelation(table, { target: table.name, known: undefined, oid, owner, nowMs });
  const own = base.columns.map(
    ({ name, type, position }): StoredColumn => ({ name, type, position, notNull: false, distKey: false }),
  );
  const keys = partitionColumns(table);
  const partitions = keys.map(
    (name, index): StoredColumn => ({
      name,
      type: { kind: "varchar", length: 256 },
      position: own.length + index + 1,
      notNull: false,
      distKey: false,
    }),
  );
  const { prefix } = table.deliver;
  const cut = prefix.search(/!\{|[^/]*=!\{/);
  const location = `s3://${bucket}/${cut === -1 ? prefix : prefix.slice(0, cut)}`;
  return {
    ...base,
    schema,
    kind: "external-table",
    distStyle: "even",
    sortStyle: "none",
    encodeAuto: false,
    columns: [...own, ...partitions],
    constraints: [],
    external: JSON.stringify(
      newExternal({ location, format: { kind: "parquet" }, lakeTable: table.name, partitionColumns: keys }),
    ),
  };
}
