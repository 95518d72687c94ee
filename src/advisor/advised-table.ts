/** The table that is advised on, as it is now, and a sample of it. */
import type { TableAdvice } from "../api/control/contract.js";
import type { TableModel } from "../definition/model.js";
import type { SampleColumn, SampleValue } from "./sample.js";

export interface AdvisedTable {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly AdvisedColumn[];
  readonly distStyle: "auto" | "even" | "all" | "key";
  readonly distKey?: string;
  readonly sortKey?: { readonly style: "compound" | "interleaved"; readonly columns: readonly string[] };
  /** Where it is of a definition. */
  readonly model?: TableModel;
  /** There is such a table already, which could be altered. */
  readonly exists: boolean;
}

export interface AdvisedColumn extends SampleColumn {
  /** Undefined for AUTO. */
  readonly encode?: string;
}

/** Rows of the table, always the same ones, in the order in which they arrived. */
export interface TableSample {
  readonly from: TableAdvice["sample"]["from"];
  readonly rowsTotal: number;
  column(column: SampleColumn): Promise<readonly SampleValue[]>;
}
