/**
 * Redriven rows of a table that Redshift reads in place (`load: "external"`): Parquet objects under the table's own prefix, in the folders where
 * Firehose would have put them, written by an engine in memory.
 *
 * At least once, as this way to load is: the objects are there before the letters are marked, in two steps that no transaction holds together. Their keys
 * are a digest of the letters and their bytes, so the same choice, tried again, writes the same objects.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { METADATA_COLUMNS, type TableModel } from "../../definition/model.js";
import { mappingOf } from "../../definition/types.js";
import { evaluatePrefix } from "../../delivery/keys.js";
import type { ObjectStore } from "../../lake/object-store.js";
import { partitionValues } from "../../lambda/partition-values.js";
import { inChunks, lettersTable, name, text } from "../../warehouse/redshift/steps.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import type { Deployment } from "./deployment.js";
import { digestOf, type Redriven, type RedriveTarget } from "./redriven.js";

/** As Firehose has them by the Glue table. */
const METADATA_TYPES: Readonly<Record<(typeof METADATA_COLUMNS)[number], string>> = {
  _shard_id: "VARCHAR",
  _sequence_number: "VARCHAR",
  _row_index: "BIGINT",
  _arrived_at: "TIMESTAMP",
};

export function lakeTarget(
  { ledgerSchema }: Deployment,
  table: TableModel,
  { lake, warehouse }: { readonly lake: ObjectStore; readonly warehouse: Warehouse },
): RedriveTarget {
  const letters = lettersTable({ schema: ledgerSchema, tables: "public", sequence: "service" });

  async function mark(ids: readonly string[], as: "loaded" | "filtered", raw?: Uint8Array): Promise<void> {
    const bytes = raw === undefined ? "NULL" : text(Buffer.from(raw).toString("base64"));
    for (const some of inChunks(ids.map(text))) {
      await warehouse.query(
        `UPDATE ${letters} SET redriven_at = GETDATE(), redriven_as = '${as}', redriven_raw_base64 = ${bytes} WHERE redriven_at IS NULL AND id IN (${some.join(", ")})`,
      );
    }
  }

  return {
    load: async ({ rows, ids, filtered, edited, dryRun }) => {
      if (dryRun) return rows.length;
      const digest = digestOf(
        ids,
        edited,
        rows.map(({ line }) => `${line}\n`),
      );
      for (const [folder, some] of folders(table, rows)) {
        await lake.put(`${folder}${table.name}-redriven-${digest}.parquet`, await parquetOf(table, some));
      }
      // Commit point, letter by letter: its mark. Before it the same choice writes the same objects again.
      for (const [id, raw] of edited) await mark([id], filtered.has(id) ? "filtered" : "loaded", raw);
      const plain = ids.filter((id) => !edited.has(id));
      await mark(
        plain.filter((id) => !filtered.has(id)),
        "loaded",
      );
      await mark(
        plain.filter((id) => filtered.has(id)),
        "filtered",
      );
      return rows.length;
    },
    close() {},
  };
}

/** The lines of each folder; times in a prefix are those of the row's own arrival, so that the same rows come to the same keys. */
function folders(table: TableModel, rows: Redriven["rows"]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { line, cells } of rows) {
    const { _arrived_at } = JSON.parse(line) as { _arrived_at: string };
    let prefix = table.deliver.prefix;
    for (const [key, value] of Object.entries(partitionValues(table, cells))) {
      prefix = prefix.replaceAll(`!{partitionKeyFromQuery:${key}}`, () => value);
    }
    const folder = evaluatePrefix(prefix, Date.parse(`${_arrived_at.replace(" ", "T")}Z`), {});
    const lines = found.get(folder);
    if (lines === undefined) found.set(folder, [line]);
    else lines.push(line);
  }
  return found;
}

async function parquetOf(table: TableModel, lines: readonly string[]): Promise<Buffer> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const directory = await mkdtemp(join(tmpdir(), "penstock-redrive-"));
  const instance = await DuckDBInstance.create(":memory:");
  try {
    const [from, to] = [join(directory, "rows.ndjson"), join(directory, "rows.parquet")];
    await writeFile(from, lines.join("\n"));
    const columns = [
      ...METADATA_COLUMNS.map((column) => [column, METADATA_TYPES[column]] as const),
      ...table.columns.map(({ name: column, type }) => [column, mappingOf(type).lake] as const),
    ];
    // As text first: a number keeps every digit that the codec gave it.
    const fields = columns.map(([column]) => `${text(column)}: 'VARCHAR'`).join(", ");
    const casts = columns.map(([column, type]) => `CAST(${name(column)} AS ${type}) AS ${name(column)}`).join(", ");
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    await connection.run(
      `COPY (SELECT ${casts} FROM read_json(${text(from)}, format = 'newline_delimited', columns = {${fields}})) TO ${text(to)} (FORMAT parquet, COMPRESSION snappy)`,
    );
    connection.closeSync();
    return await readFile(to);
  } finally {
    instance.closeSync();
    await rm(directory, { recursive: true });
  }
}
