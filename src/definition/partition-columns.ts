import { METADATA_COLUMNS, type TableModel } from "./model.js";

/** The partition keys that are columns of the lake's table as well; one that is called as a column is stays a part of the objects' keys alone. */
export function partitionColumns({ columns, deliver }: Pick<TableModel, "columns" | "deliver">): readonly string[] {
  const own = new Set<string>([...METADATA_COLUMNS, ...columns.map(({ name }) => name)]);
  return deliver.partitionBy.map(({ name }) => name).filter((name) => !own.has(name));
}
