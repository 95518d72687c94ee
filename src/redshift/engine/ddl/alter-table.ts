import { typeOfName } from "../../binder/expressions/type-of-name.js";
import { duckDbName } from "../../catalog/relation-info.js";
import type { StoredColumn, StoredRelation } from "../../catalog/stored.js";
import { SQL_STATE, SqlError } from "../../sql-error.js";
import { quotedName } from "../../sql-text.js";
import type { AlterTable, AlterTableAction, ColumnDefinition } from "../../syntax/ast.js";
import { type SqlType, typeText } from "../../types.js";
import { duckDbType } from "../../types-duckdb.js";
import { checkOwner } from "../access.js";
import { done, type StatementHandler, type StatementRun } from "../statement-run.js";
import { appendFrom } from "./append.js";
import { checkKind, checkShape, putRelation, removeRelation, requireRelation, runDdl } from "./catalog-work.js";
import { boundDefault, sequenceName, storedColumn } from "./columns.js";
import { encodingOf } from "./encodings.js";
import { rebuildTable } from "./rebuild.js";
import { brokenViews, columnNeeded, missingColumn, renameColumn, renameRelation } from "./rename.js";
import { constraintsOf, distribution, sortKey, withKeys } from "./table-shape.js";
import { checkNewOwner } from "./users.js";

export const alterTableHandler: StatementHandler<AlterTable> = {
  access: "write",
  async run(statement, run) {
    const { name, action, at } = statement;
    const relation = requireRelation(run, name);
    checkOwner(run.core, relation, name.at, action.type === "owner" || action.type === "append" ? undefined : "alter");
    if (action.type === "append") {
      await appendFrom(run, relation, action, at);
      return done("ALTER TABLE APPEND");
    }
    if (statement.view) checkKind(relation, ["view"], name.at);
    await alterTable(run, relation, action, at);
    return done(statement.view ? "ALTER VIEW" : "ALTER TABLE");
  },
};

export async function alterTable(
  run: StatementRun,
  relation: StoredRelation,
  action: AlterTableAction,
  at: number,
): Promise<void> {
  checkShape(run, relation, at);
  const changed = (more: Partial<StoredRelation>): StoredRelation => ({
    ...relation,
    ...more,
    changedAtMs: run.core.shared.clock.now(),
  });
  if (relation.kind === "external-table") return alterExternal(run, relation, action, at);
  if (relation.kind === "view" && !OF_VIEWS.has(action.type)) checkKind(relation, ["table"], at);
  switch (action.type) {
    case "add-column":
      return addColumn(run, relation, action.column);
    case "drop-column":
      return dropColumn(run, relation, action, at);
    case "rename-table":
      return renameRelation(run, relation, action.to, at);
    case "rename-column":
      return renameColumn(run, relation, { from: action.column, to: action.to, at });
    case "alter-type":
      return alterType(run, relation, action, at);
    case "alter-encode": {
      const wanted = new Map(action.columns.map(({ column, encode }) => [column, encode]));
      for (const name of wanted.keys()) requireColumn(relation, name, at);
      const columns = relation.columns.map((column) => withEncoding(column, wanted.get(column.name), at));
      return putRelation(
        run,
        changed({ columns, encodeAuto: columns.every(({ encoding }) => encoding === undefined) }),
      );
    }
    case "alter-attributes":
      return putRelation(run, changed(attributes(relation, action.attributes, at)));
    case "add-constraint": {
      const made = await constraintsOf(run, relation, [], [{ constraint: action.constraint, at }]);
      if (action.constraint.type === "primary-key") await makeNotNull(run, relation, action.constraint.columns, at);
      const columns =
        action.constraint.type === "primary-key"
          ? relation.columns.map((column) =>
              action.constraint.columns.includes(column.name) ? { ...column, notNull: true } : column,
            )
          : relation.columns;
      return putRelation(run, changed({ columns, constraints: [...relation.constraints, ...made] }));
    }
    case "drop-constraint":
      if (!relation.constraints.some(({ name }) => name === action.name)) {
        throw new SqlError(
          SQL_STATE.undefinedObject,
          `constraint "${action.name}" of relation "${relation.name}" does not exist`,
          { at },
        );
      }
      return putRelation(
        run,
        changed({ constraints: relation.constraints.filter(({ name }) => name !== action.name) }),
      );
    case "owner":
      checkNewOwner(run, action.to, at);
      return putRelation(run, changed({ owner: action.to }));
    case "append":
      return;
    case "set-schema":
      throw new SqlError(SQL_STATE.featureNotSupported, "ALTER TABLE SET SCHEMA is not supported", {
        at,
        hint: "Redshift has it for external tables alone. CREATE TABLE AS in the other schema, then drop this one.",
      });
    case "add-partition":
    case "drop-partition":
    case "set-property":
      checkKind(relation, ["external-table"], at);
  }
}

const OF_VIEWS: ReadonlySet<AlterTableAction["type"]> = new Set(["rename-table", "rename-column", "owner"]);

async function alterExternal(
  run: StatementRun,
  relation: StoredRelation,
  action: AlterTableAction,
  at: number,
): Promise<void> {
  const { alterExternal: alter } = run.core.shared;
  if (action.type === "owner") {
    checkNewOwner(run, action.to, at);
    return putRelation(run, { ...relation, owner: action.to });
  }
  if (alter !== undefined) return alter(relation, action, run);
  throw new SqlError(SQL_STATE.featureNotSupported, "ALTER of external tables is not supported", { at });
}

function requireColumn(relation: StoredRelation, name: string, at: number): StoredColumn {
  const column = relation.columns.find((one) => one.name === name);
  if (column === undefined) throw missingColumn(relation, name, at);
  return column;
}

async function addColumn(run: StatementRun, relation: StoredRelation, definition: ColumnDefinition): Promise<void> {
  const { name, at } = definition;
  if (relation.kind !== "table") checkKind(relation, ["table"], at);
  if (relation.columns.some((column) => column.name === name)) {
    throw new SqlError(SQL_STATE.duplicateColumn, `column "${name}" of relation "${relation.name}" already exists`, {
      at,
    });
  }
  if (definition.identity !== undefined) {
    throw new SqlError(SQL_STATE.featureNotSupported, "cannot add an identity column to a table that is there", {
      at,
      hint: "Make a new table with it, and copy the rows.",
    });
  }
  if (
    definition.distKey ||
    definition.sortKey ||
    definition.primaryKey ||
    definition.unique ||
    definition.references !== undefined
  ) {
    throw new SqlError(SQL_STATE.featureNotSupported, "ALTER TABLE ADD COLUMN cannot make the column a key", {
      at,
      hint: "Add the column, then ALTER TABLE ... ADD constraint, or ALTER DISTKEY or SORTKEY.",
    });
  }
  if (definition.notNull === true && (definition.default === undefined || isNull(definition))) {
    throw new SqlError(
      SQL_STATE.invalidTableDefinition,
      "ALTER TABLE ADD COLUMN defined as NOT NULL must have a non-null default expression",
      { at },
    );
  }
  const position = Math.max(0, ...relation.columns.map((column) => column.position)) + 1;
  const context = run.context();
  const column = storedColumn(definition, { context, position, sequence: sequenceName(relation.oid, position) });
  const table = duckDbName(relation);
  const own = quotedName(name);
  const value =
    definition.default === undefined ? undefined : boundDefault(name, column.type, definition.default, context);
  const after: StoredRelation = {
    ...relation,
    columns: [...relation.columns, column],
    encodeAuto: relation.encodeAuto && column.encoding === undefined,
    changedAtMs: run.core.shared.clock.now(),
  };
  if (mustRebuild(run, relation) || (value !== undefined && !CONSTANT.test(value))) {
    await rebuildTable(run, relation, after, new Map([[name, value ?? "NULL"]]));
  } else {
    const texts = [
      `ALTER TABLE ${table} ADD COLUMN ${own} ${duckDbType(column.type)}${value === undefined ? "" : ` DEFAULT ${value}`}`,
      ...(value === undefined ? [] : [`ALTER TABLE ${table} ALTER COLUMN ${own} DROP DEFAULT`]),
      ...(column.notNull ? [`ALTER TABLE ${table} ALTER COLUMN ${own} SET NOT NULL`] : []),
    ];
    await runDdl(run, texts.join(";\n"), relation.name);
  }
  await putRelation(run, after);
}

/** Of the texts that `boundDefault` makes: what DuckDB adds without touching rows. */
const CONSTANT = /^(?:-?\d+(?:\.\d+)?|'(?:[^']|'')*'|true|false|NULL)$/i;

function mustRebuild({ core }: StatementRun, { oid }: StoredRelation): boolean {
  return core.transaction.hasChanged(oid);
}

function isNull({ default: value }: ColumnDefinition): boolean {
  return value?.kind === "literal" && value.value.type === "null";
}

async function dropColumn(
  run: StatementRun,
  relation: StoredRelation,
  action: Extract<AlterTableAction, { type: "drop-column" }>,
  at: number,
): Promise<void> {
  checkKind(relation, ["table"], at);
  const column = requireColumn(relation, action.column, at);
  if (column.distKey) throw keyColumn("distkey", column.name, at);
  if (column.sortPosition !== undefined) throw keyColumn("sortkey", column.name, at);
  if (relation.columns.length === 1) {
    throw new SqlError(SQL_STATE.featureNotSupported, `cannot drop the only column of table "${relation.name}"`, {
      at,
      hint: "Drop the table.",
    });
  }
  const after: StoredRelation = {
    ...relation,
    columns: relation.columns.filter(({ name }) => name !== column.name),
    constraints: relation.constraints.filter(({ columns }) => !columns.includes(column.name)),
    changedAtMs: run.core.shared.clock.now(),
  };
  await putRelation(run, after);
  const broken = brokenViews(run, relation);
  if (broken.length > 0 && action.behavior !== "cascade") throw columnNeeded(relation, column.name, broken, at);
  for (const view of broken) {
    run.core.notice({ severity: "NOTICE", message: `drop cascades to ${view.kind.replace("-", " ")} ${view.name}` });
    if (view.kind === "materialized-view") await runDdl(run, `DROP TABLE ${duckDbName(view)}`, view.name);
    await removeRelation(run, view);
  }
  if (mustRebuild(run, relation)) await rebuildTable(run, relation, after);
  else await runDdl(run, `ALTER TABLE ${duckDbName(relation)} DROP COLUMN ${quotedName(column.name)}`, relation.name);
}

function keyColumn(key: string, column: string, at: number): SqlError {
  return new SqlError(SQL_STATE.featureNotSupported, `cannot drop ${key} column "${column}"`, {
    at,
    hint: `First ALTER TABLE ... ALTER ${key === "distkey" ? "DISTSTYLE EVEN" : "SORTKEY NONE"}.`,
  });
}

/** Source: "ALTER TABLE", ALTER COLUMN column_name TYPE: the size of a VARCHAR, and no other type. */
async function alterType(
  run: StatementRun,
  relation: StoredRelation,
  action: Extract<AlterTableAction, { type: "alter-type" }>,
  at: number,
): Promise<void> {
  checkKind(relation, ["table"], at);
  const column = requireColumn(relation, action.column, at);
  const to = typeOfName(action.to);
  checkNewType(column, relation, to, at);
  if (run.core.transaction.mode === "explicit") {
    throw new SqlError(
      SQL_STATE.activeSqlTransaction,
      "ALTER TABLE ALTER COLUMN cannot run inside a transaction block",
      { at },
    );
  }
  if (column.type.kind === "varchar" && to.kind === "varchar" && to.length < column.type.length) {
    const [row] = await run.connection.rows(
      `SELECT CAST(coalesce(max(strlen(${quotedName(column.name)})), 0) AS INTEGER) FROM ${duckDbName(relation)}`,
      run.limit,
    );
    const longest = Number(row?.[0] ?? 0);
    if (longest > to.length) {
      throw new SqlError(SQL_STATE.stringDataRightTruncation, "target data size should be at least the longest value", {
        at,
        detail: `Column "${column.name}" holds ${longest} bytes, ${typeText(to)} has room for ${to.length}.`,
      });
    }
  }
  await putRelation(run, {
    ...relation,
    columns: relation.columns.map((one) => (one === column ? { ...one, type: to } : one)),
    changedAtMs: run.core.shared.clock.now(),
  });
}

function checkNewType(column: StoredColumn, relation: StoredRelation, to: SqlType, at: number): void {
  const refuse = (message: string, hint?: string): never => {
    throw new SqlError(SQL_STATE.featureNotSupported, message, { at, ...(hint === undefined ? {} : { hint }) });
  };
  if (column.type.kind !== "varchar" || to.kind !== "varchar") {
    refuse(
      `cannot alter column "${column.name}" from type ${typeText(column.type)} to ${typeText(to)}`,
      "Only the size of a VARCHAR can be changed. Add a column of the other type, copy the values, drop this one.",
    );
  }
  if (typeText(column.type) === typeText(to)) refuse("target data size should be different");
  if (column.defaultText !== undefined) refuse(`cannot alter column "${column.name}": it has a default value`);
  if (["bytedict", "runlength", "text255", "text32k"].includes(column.encoding ?? "")) {
    refuse(`cannot alter column "${column.name}" with ENCODE ${column.encoding}`, "ALTER its ENCODE first.");
  }
  if (relation.constraints.some(({ columns }) => columns.includes(column.name))) {
    refuse(`cannot alter column "${column.name}": a constraint names it`, "Drop the constraint first.");
  }
}

function withEncoding(column: StoredColumn, encode: string | undefined, at: number): StoredColumn {
  if (encode === undefined) return column;
  const { encoding: _, ...rest } = column;
  const encoding = encodingOf(encode, column.type, column.name, at);
  return encoding === undefined ? rest : { ...rest, encoding };
}

function attributes(
  relation: StoredRelation,
  given: Extract<AlterTableAction, { type: "alter-attributes" }>["attributes"],
  at: number,
): Partial<StoredRelation> {
  let { columns, distStyle, sortStyle, encodeAuto } = relation;
  const oldKey = columns.find(({ distKey }) => distKey)?.name;
  const oldSort = {
    style: sortStyle,
    columns: columns
      .filter(({ sortPosition }) => sortPosition !== undefined)
      .sort((a, b) => Math.abs(a.sortPosition ?? 0) - Math.abs(b.sortPosition ?? 0))
      .map(({ name }) => name),
  };
  let key = oldKey;
  let sort: Parameters<typeof withKeys>[2] = oldSort;
  if (given.distKey !== undefined || given.distStyle !== undefined) {
    const dist = distribution(columns, [], given, at);
    distStyle = dist.style;
    key = dist.key;
  }
  if (given.sortKey !== undefined) {
    sort = sortKey(columns, [], given, at);
    sortStyle = sort.style;
  }
  columns = columns.map((column) => withKeys(column, key, sort));
  if (given.encodeAuto === true) {
    columns = columns.map(({ encoding: _, ...rest }) => rest);
    encodeAuto = true;
  }
  return { columns, distStyle, sortStyle, encodeAuto };
}

async function makeNotNull(
  run: StatementRun,
  relation: StoredRelation,
  columns: readonly string[],
  at: number,
): Promise<void> {
  const nullable = columns.filter((name) => !requireColumn(relation, name, at).notNull);
  if (nullable.length === 0) return;
  const texts = nullable.map(
    (name) => `ALTER TABLE ${duckDbName(relation)} ALTER COLUMN ${quotedName(name)} SET NOT NULL`,
  );
  const after = {
    ...relation,
    columns: relation.columns.map((one) => (nullable.includes(one.name) ? { ...one, notNull: true } : one)),
  };
  try {
    if (mustRebuild(run, relation)) await rebuildTable(run, relation, after);
    else await runDdl(run, texts.join(";\n"), relation.name);
  } catch (error) {
    if (!(error instanceof SqlError) || !/NULL/.test(`${error.message} ${String(error.cause)}`)) throw error;
    throw new SqlError(
      SQL_STATE.notNullViolation,
      `a primary key cannot be made of ${nullable.join(", ")}: there are rows with NULL`,
      {
        at,
        cause: error,
      },
    );
  }
}
