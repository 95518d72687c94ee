/** ALTER TABLE ... APPEND FROM: all rows of one table go over to another. Source: "ALTER TABLE APPEND". */
import { duckDbName } from "../../catalog/relation-info.js";
import type { StoredRelation } from "../../catalog/stored.js";
import { SQL_STATE, SqlError } from "../../sql-error.js";
import { quotedName } from "../../sql-text.js";
import type { AlterTableAction } from "../../syntax/ast.js";
import { typeText } from "../../types.js";
import { checkOwner } from "../access.js";
import type { StatementRun } from "../statement-run.js";
import { checkKind, checkSchemaWritable, requireRelation, runDdl } from "./catalog-work.js";

export async function appendFrom(
  run: StatementRun,
  target: StoredRelation,
  action: Extract<AlterTableAction, { type: "append" }>,
  at: number,
): Promise<void> {
  if (run.core.transaction.mode === "explicit") {
    throw new SqlError(SQL_STATE.activeSqlTransaction, "ALTER TABLE APPEND cannot run inside a transaction block", {
      at,
    });
  }
  const source = requireRelation(run, action.from);
  checkOwner(run.core, source, action.from.at);
  for (const table of [target, source]) {
    checkKind(table, ["table"], at);
    checkSchemaWritable(table.schema, at);
  }
  if (source.oid === target.oid) {
    throw new SqlError(SQL_STATE.featureNotSupported, "a table cannot be appended to itself", { at });
  }
  const names = matching(target, source, action, at).map(quotedName).join(", ");
  const texts = [
    `INSERT INTO ${duckDbName(target)} (${names}) SELECT ${names} FROM ${duckDbName(source)}`,
    `DELETE FROM ${duckDbName(source)}`,
  ];
  run.core.transaction.noteChange(source.oid);
  await runDdl(run, texts.join(";\n"), target.name);
}

/** Columns that both have. */
function matching(
  target: StoredRelation,
  source: StoredRelation,
  action: Extract<AlterTableAction, { type: "append" }>,
  at: number,
): readonly string[] {
  const refuse = (message: string, hint: string): never => {
    throw new SqlError(SQL_STATE.datatypeMismatch, message, { at, hint });
  };
  const inTarget = new Map(target.columns.map((column) => [column.name, column]));
  const inSource = new Set(source.columns.map(({ name }) => name));
  const extra = source.columns.filter(({ name }) => !inTarget.has(name)).map(({ name }) => name);
  const missing = target.columns.filter(({ name }) => !inSource.has(name)).map(({ name }) => name);
  if (extra.length > 0 && !action.ignoreExtra) {
    refuse(
      `"${source.name}" has columns that "${target.name}" has not: ${extra.join(", ")}`,
      "IGNOREEXTRA leaves them out.",
    );
  }
  if (missing.length > 0 && !action.fillTarget) {
    refuse(
      `"${target.name}" has columns that "${source.name}" has not: ${missing.join(", ")}`,
      "FILLTARGET makes them NULL.",
    );
  }
  if (extra.length > 0 && missing.length > 0) {
    refuse("IGNOREEXTRA and FILLTARGET cannot be combined", "Make the tables alike.");
  }
  const shared = source.columns.filter(({ name }) => inTarget.has(name));
  for (const column of shared) {
    const other = inTarget.get(column.name)!;
    if (typeText(other.type) !== typeText(column.type)) {
      refuse(
        `column "${column.name}" is ${typeText(column.type)} in one table and ${typeText(other.type)} in the other`,
        "Both must have the same type and size.",
      );
    }
    if (column.identity !== undefined || other.identity !== undefined) {
      refuse(`column "${column.name}" is an identity column`, "Tables with identity columns cannot be appended.");
    }
  }
  return shared.map(({ name }) => name);
}
