import { duckDbName } from "../../catalog/relation-info.js";
import { isTemporarySchema, type StoredColumn, type StoredRelation } from "../../catalog/stored.js";
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { ColumnDefinition, CreateTable } from "../../syntax/ast.js";
import { checkPrivilege } from "../access.js";
import { done, type StatementHandler } from "../statement-run.js";
import { alreadyThere, type DdlRun, newOid, placeFor, putRelation, requireRelation, runDdl } from "./catalog-work.js";
import { COLUMNS_MAX, checkName, columnText, sequenceName, sequenceTexts, storedColumn } from "./columns.js";
import { constraintsOf, tableShape } from "./table-shape.js";

export const createTableHandler: StatementHandler<CreateTable> = {
  access: "write",
  async run(statement, run) {
    const place = placeFor(run, statement.name, statement.temporary);
    if (place.existing !== undefined) {
      if (!statement.ifNotExists) throw alreadyThere(place.name, statement.name.at);
      run.core.notice({ severity: "INFO", message: `Relation "${place.name}" already exists and will be skipped` });
      return done("CREATE TABLE");
    }
    const oid = await newOid(run);
    const { columns, definitions, like } = columnsOf(statement, oid, run);
    const shape = tableShape(columns, definitions, withLike(statement, like), statement.at);
    const isTemporary = isTemporarySchema(place.schema);
    const nowMs = run.core.shared.clock.now();
    const base: StoredRelation = {
      ...shape,
      ...(like === undefined ? {} : likeShape(shape.columns, like, statement)),
      oid,
      schema: place.schema,
      name: place.name,
      kind: "table",
      owner: run.core.user,
      lateBinding: false,
      autoRefresh: false,
      createdAtMs: nowMs,
      changedAtMs: nowMs,
      constraints: [],
      reads: [],
    };
    const more = statement.elements.flatMap((one) => (one.element === "constraint" ? [one] : []));
    const constraints = await constraintsOf(run, base, definitions, more);
    const keyed = new Set(constraints.filter(({ type }) => type === "p").flatMap((one) => one.columns));
    await makeTable(run, {
      ...base,
      constraints,
      columns: base.columns.map((column) => (keyed.has(column.name) ? { ...column, notNull: true } : column)),
      ...(isTemporary ? { backup: false } : {}),
    });
    return done("CREATE TABLE");
  },
};

/** The table in DuckDB, then in the catalog. */
export async function makeTable(run: DdlRun, table: StoredRelation): Promise<void> {
  checkName(table.name, 0);
  const texts = [
    ...sequenceTexts(table.columns),
    `CREATE ${isTemporarySchema(table.schema) ? "TEMP " : ""}TABLE ${duckDbName(table)} (${table.columns.map(columnText).join(", ")})`,
  ];
  await runDdl(run, texts.join(";\n"), table.name);
  await putRelation(run, table);
}

interface Columns {
  readonly columns: readonly StoredColumn[];
  readonly definitions: readonly ColumnDefinition[];
  readonly like: StoredRelation | undefined;
}

function columnsOf(statement: CreateTable, oid: number, run: DdlRun): Columns {
  const context = run.context();
  const columns: StoredColumn[] = [];
  const definitions: ColumnDefinition[] = [];
  let like: StoredRelation | undefined;
  const add = (column: StoredColumn, at: number) => {
    if (columns.some(({ name }) => name === column.name))
      throw new SqlError(SQL_STATE.duplicateColumn, `column "${column.name}" duplicated`, { at });
    columns.push(column);
    if (columns.length > COLUMNS_MAX) {
      throw new SqlError("54011", `tables can have at most ${COLUMNS_MAX} columns`, { at });
    }
  };
  for (const element of statement.elements) {
    const position = columns.length + 1;
    if (element.element === "column") {
      definitions.push(element);
      add(storedColumn(element, { context, position, sequence: sequenceName(oid, position) }), element.at);
    } else if (element.element === "like") {
      const source = requireRelation(run, element.table);
      checkPrivilege(run.core, source, "select", element.at);
      if (source.kind !== "table") {
        throw new SqlError(SQL_STATE.wrongObjectType, `LIKE: "${source.name}" is not a table`, { at: element.at });
      }
      like = source;
      for (const column of source.columns)
        add(likeColumn(column, columns.length + 1, element.includingDefaults), element.at);
    }
  }
  return { columns, definitions, like };
}

/** Source: "CREATE TABLE", LIKE: names, types, NOT NULL, distribution and sort keys; defaults where asked for; never keys or identities. */
function likeColumn(column: StoredColumn, position: number, includingDefaults: boolean): StoredColumn {
  const { identity: _, comment: __, defaultText, ...rest } = column;
  return { ...rest, position, ...(includingDefaults && defaultText !== undefined ? { defaultText } : {}) };
}

/** Attributes cannot be said beside a LIKE: they come from the other table. */
function withLike(statement: CreateTable, like: StoredRelation | undefined): CreateTable["attributes"] {
  if (like === undefined) return statement.attributes;
  const { backup } = statement.attributes;
  return backup === undefined ? {} : { backup };
}

function likeShape(
  columns: readonly StoredColumn[],
  like: StoredRelation,
  statement: CreateTable,
): Partial<StoredRelation> {
  const own = statement.attributes;
  if (own.distStyle !== undefined || own.distKey !== undefined || own.sortKey !== undefined) {
    throw new SqlError(SQL_STATE.syntaxError, "table attributes cannot be specified with LIKE", {
      at: statement.at,
      hint: `They are those of "${like.name}". Leave them out, or name the columns instead of LIKE.`,
    });
  }
  const source = new Map(like.columns.map((column) => [column.name, column]));
  return {
    distStyle: like.distStyle,
    sortStyle: like.sortStyle,
    encodeAuto: like.encodeAuto,
    columns: columns.map((column) => {
      const { sortPosition, distKey = false } = source.get(column.name) ?? {};
      return { ...column, distKey, ...(sortPosition === undefined ? {} : { sortPosition }) };
    }),
  };
}
