import { isPenstockError, PenstockError } from "../../core/errors.js";
import type { TableModel } from "../../definition/model.js";
import type { WarehouseColumn } from "../warehouse.js";
import { type Context, changeSurely } from "./context.js";
import { columnsOf, describeSql, prepareSteps, tableChanges } from "./ddl.js";

export async function describeTable(
  { api, place, limit }: Context,
  name: string,
): Promise<readonly WarehouseColumn[] | undefined> {
  return columnsOf((await api.query(describeSql(place, name), limit())).rows);
}

/** Everything is compared before the table is touched, and all that differs is named at once. */
export async function applyTable(context: Context, table: TableModel, target: string): Promise<void> {
  const { api, place } = context;
  if (table.deliver.fileFormat === "csv") {
    throw new PenstockError(
      "refused",
      `The table "${table.name}" has its objects in CSV, in which Redshift's COPY cannot tell an empty text from NULL.`,
      { hint: 'Deliver it as "parquet" or "json".' },
    );
  }
  const failure = `The table "${target}" could not be prepared`;
  await changeSurely(context, prepareSteps(table, place, { as: target }), failure);
  const { steps, alone } = await changesOf(context, table, target);
  if (steps.length > 0) {
    try {
      await changeSurely(context, steps, failure);
    } catch (error) {
      // Somebody else may have done the same at the same time, or our own try before this one, whose answer was lost.
      if ((await changesOf(context, table, target)).steps.length > 0) throw error;
    }
  }
  for (const { sql } of alone) {
    await api.execute(sql, context.limit()).catch((error: unknown) => {
      if (!isPenstockError(error, "query-failed")) throw error;
      throw new PenstockError("unavailable", `${failure}: ${error.message}`, { cause: error });
    });
  }
}

async function changesOf(context: Context, table: TableModel, target: string) {
  const changes = tableChanges(table, target, (await describeTable(context, target)) ?? [], context.place);
  if (changes.differences.length === 0) return changes;
  throw new PenstockError(
    "incompatible-schema",
    `The table "${target}" in the warehouse is not what the definition says: ${changes.differences.join("; ")}.`,
    {
      hint: "Nothing was changed. Undo that part of the definition, or define the table under a new name and replay the stream into it.",
    },
  );
}

/** After a load that failed over its rows: whether somebody altered the table, so that no object is to blame. Undefined where it is as it should be. */
export async function alteredTable(
  context: Context,
  table: TableModel,
  target: string,
): Promise<PenstockError | undefined> {
  const present = await describeTable(context, target);
  if (present === undefined) {
    return new PenstockError("incompatible-schema", `The table "${target}" is not in the warehouse.`, {
      hint: "It was dropped, or never made; applying the definition makes it, and what waits is loaded then.",
    });
  }
  const { differences, steps, alone } = tableChanges(table, target, present, context.place);
  const lacking = [...steps, ...alone].map(({ sql }) => sql);
  if (differences.length === 0 && lacking.length === 0) return undefined;
  const what = [
    ...differences,
    ...(lacking.length === 0 ? [] : [`it lacks what these would give it: ${lacking.join("; ")}`]),
  ];
  return new PenstockError(
    "incompatible-schema",
    `The table "${target}" in the warehouse is not what the definition says: ${what.join("; ")}.`,
    { hint: "Somebody altered the table. Take that back, or apply the definition." },
  );
}
