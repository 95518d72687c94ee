/** CREATE EXTERNAL TABLE AS: the query's rows are written as UNLOAD writes them, and the table is over those files. */
import type { BindContext } from "../binder/bound.js";
import { bindQuery } from "../binder/queries/bind-query.js";
import type { StoredColumn } from "../catalog/stored.js";
import { loadRun } from "../copy/handlers.js";
import type { LoadServices } from "../copy/services.js";
import { bucketsFor } from "../engine/access.js";
import { resultColumns } from "../engine/ddl/create-table-as.js";
import type { StatementRun } from "../engine/statement-run.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import type { CreateExternalTable, LoadOption, Query, Unload } from "../syntax/ast.js";
import { unloadOptions } from "../unload/options.js";
import { unloadRows } from "../unload/rows.js";
import { type BoundUnload, unload } from "../unload/unload.js";
import type { ExternalFormat, StoredPartition } from "./stored-external.js";

export interface BoundCreateAs {
  readonly statement: Unload;
  readonly unload: BoundUnload;
}

/** Source: "CREATE EXTERNAL TABLE", AS: Parquet or delimited text; the columns are the query's. */
export function bindCreateAs(
  statement: CreateExternalTable,
  query: Query,
  format: ExternalFormat,
  context: BindContext,
): BoundCreateAs {
  const { at } = statement.name;
  if (statement.columns.length > 0)
    throw new SqlError(SQL_STATE.syntaxError, "CREATE EXTERNAL TABLE AS takes its columns from the query", { at });
  if (format.kind === "json" || (format.kind === "csv" && format.quote !== "")) {
    throw new SqlError(SQL_STATE.featureNotSupported, "CREATE EXTERNAL TABLE AS writes Parquet or delimited text", {
      at,
      hint: "STORED AS PARQUET, or ROW FORMAT DELIMITED FIELDS TERMINATED BY '|' STORED AS TEXTFILE.",
    });
  }
  const option = (name: string, ...values: LoadOption["values"]): LoadOption => ({ name, values, at });
  const partitions = statement.partitionedBy.map(({ name }) => name);
  const as: Unload = {
    kind: "unload",
    query,
    queryText: "",
    to: statement.location.endsWith("/") ? statement.location : `${statement.location}/`,
    options: [
      option("iam_role", "default"),
      ...(format.kind === "parquet"
        ? [option("parquet")]
        : [option("delimiter", format.delimiter), option("null", format.nullText)]),
      ...(partitions.length === 0 ? [] : [option("partition by", ...partitions)]),
    ],
    at,
  };
  const options = unloadOptions(as);
  const bound = bindQuery(query, context);
  return { statement: as, unload: { options, query: bound, rows: unloadRows(bound, options, context) } };
}

export interface Made {
  /** Those of the partitions last. */
  readonly columns: readonly StoredColumn[];
  readonly partitions: readonly StoredPartition[];
  readonly rows: number;
}

export async function makeFiles(
  { statement, unload: bound }: BoundCreateAs,
  run: StatementRun,
  services: LoadServices,
): Promise<Made> {
  const { partitionBy } = bound.options;
  const all = resultColumns(bound.query, undefined, statement.at);
  const isPartition = ({ name }: StoredColumn) => partitionBy.includes(name);
  const last = partitionBy.map((name) => all.find((column) => column.name === name)!);
  run.reads(bound.query.reads);
  const buckets = bucketsFor(run.core, services.buckets, "unload", statement.at);
  const { rows, files } = await unload(statement, bound, loadRun(run), { ...services, buckets });
  const partitions = new Map<string, StoredPartition>();
  for (const { url } of partitionBy.length === 0 ? [] : files) {
    const location = url.slice(0, url.lastIndexOf("/") + 1);
    const steps = location.slice(statement.to.length).split("/").slice(0, -1);
    const values = steps.map((step) => decodeURIComponent(step.slice(step.indexOf("=") + 1)));
    partitions.set(location, { values, location });
  }
  return {
    columns: [...all.filter((column) => !isPartition(column)), ...last].map((column, index) => ({
      ...column,
      position: index + 1,
    })),
    partitions: [...partitions.values()],
    rows,
  };
}
