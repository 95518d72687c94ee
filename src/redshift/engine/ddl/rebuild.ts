/**
 * A table written anew in another shape. DuckDB commits no ALTER of a table whose rows the same transaction has updated or deleted, and it adds no
 * column whose default must be worked out.
 */
import { duckDbName } from "../../catalog/relation-info.js";
import { isTemporarySchema, type StoredRelation } from "../../catalog/stored.js";
import { quotedName } from "../../sql-text.js";
import { type DdlRun, runDdl } from "./catalog-work.js";
import { columnText } from "./columns.js";

/** `values` are what columns are filled with, as DuckDB's text, where that is not what they hold already. */
export async function rebuildTable(
  run: DdlRun,
  before: StoredRelation,
  after: StoredRelation,
  values: ReadonlyMap<string, string> = new Map(),
): Promise<void> {
  const { oid } = before;
  const isTemporary = isTemporarySchema(before.schema);
  // A name that no table of a user's can have.
  const next = duckDbName({ ...before, name: `#${oid}`, oid: -oid });
  const names = after.columns.map(({ name }) => quotedName(name));
  const items = after.columns.map(({ name }) => values.get(name) ?? quotedName(name));
  const texts = [
    `CREATE ${isTemporary ? "TEMP " : ""}TABLE ${next} (${after.columns.map(columnText).join(", ")})`,
    `INSERT INTO ${next} (${names.join(", ")}) SELECT ${items.join(", ")} FROM ${duckDbName(before)}`,
    `DROP TABLE ${duckDbName(before)}`,
    `ALTER TABLE ${next} RENAME TO ${quotedName(isTemporary ? `#${oid}` : before.name)}`,
  ];
  await runDdl(run, texts.join(";\n"), before.name);
}
