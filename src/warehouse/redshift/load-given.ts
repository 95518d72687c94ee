import type { TableModel } from "../../definition/model.js";
import type { RowRange } from "../warehouse.js";
import type { LoadObject, RedshiftPlace } from "./steps.js";

/** A load as it is planned; what is in it is known before the warehouse is asked. */
export interface LoadGiven {
  readonly table: TableModel;
  readonly target: string;
  readonly place: RedshiftPlace;
  /** Names this load in the ledger; at most 128 characters. */
  readonly loadId: string;
  /** As COPY takes it: `default`, or a role's ARN. */
  readonly iamRole: string;
  /** Objects of one kind, each in exactly one source; none where letters alone are to be marked. */
  readonly sources: readonly CopySource[];
  /** `plain` where no row can be there already, or in its place: then no row is looked for. */
  readonly mode: "plain" | "checked";
  readonly skipExisting?: boolean;
  readonly range?: RowRange;
  readonly redriven?: readonly string[];
  readonly edited?: ReadonlyMap<string, Uint8Array>;
  readonly dryRun?: boolean;
}

/** What one COPY reads, by a manifest of its own. */
export interface CopySource {
  readonly manifestUrl: string;
  readonly objects: readonly LoadObject[];
  readonly format: "parquet" | "json";
  readonly compression?: "gzip" | "zstd";
  /** Of the Parquet files, the metadata columns too: fewer where an older version of the definition wrote them. */
  readonly columns?: number;
}
