/** CREATE TABLE AS, and SELECT ... INTO, which is the same in other words. */
import type { BindContext, BoundQuery } from "../../binder/bound.js";
import { bindQuery } from "../../binder/queries/bind-query.js";
import { duckDbName } from "../../catalog/relation-info.js";
import { isTemporarySchema, type StoredColumn, type StoredRelation } from "../../catalog/stored.js";
import { SQL_STATE, SqlError } from "../../sql-error.js";
import { quotedName } from "../../sql-text.js";
import type { CreateTableAs, QueryStatement, TableAttributes } from "../../syntax/ast.js";
import { type SqlType, VARCHAR_BYTES_MAX } from "../../types.js";
import { duckDbType } from "../../types-duckdb.js";
import type { Parameters } from "../bind-parameters.js";
import { sqlErrorOf } from "../engine-errors.js";
import { rowStream } from "../row-stream.js";
import { done, type Outcome, type StatementHandler, type StatementRun } from "../statement-run.js";
import { alreadyThere, type DdlRun, newOid, placeFor, putRelation } from "./catalog-work.js";
import { COLUMNS_MAX, checkColumnName, checkColumnType, checkName } from "./columns.js";
import { tableShape } from "./table-shape.js";

export const createTableAsHandler: StatementHandler<CreateTableAs, BoundQuery> = {
  access: "write",
  bind: (statement, context) => bindQuery(statement.query, context),
  run: (statement, run) => makeTableAs(statement, run),
};

async function makeTableAs(statement: CreateTableAs, run: StatementRun<BoundQuery>): Promise<Outcome> {
  const { bound } = run;
  const place = placeFor(run, statement.name, statement.temporary);
  if (place.existing !== undefined) {
    if (!statement.ifNotExists) throw alreadyThere(place.name, statement.name.at);
    run.core.notice({ severity: "INFO", message: `Relation "${place.name}" already exists and will be skipped` });
    return done("SELECT");
  }
  run.reads(bound.reads);
  const columns = resultColumns(bound, statement.columns, statement.at);
  const table = await tableOf(run, { ...place, columns, attributes: statement.attributes, at: statement.at });
  const rows = await fillTable(run, table, bound, run.parameters);
  await putRelation(run, table);
  return done("SELECT", rows);
}

/** The columns of a query as those of a table: named, no name twice, of types that a table can hold. */
export function resultColumns(
  bound: BoundQuery,
  names: readonly string[] | undefined,
  at: number,
): readonly StoredColumn[] {
  if (names !== undefined && names.length > bound.columns.length) {
    throw new SqlError(SQL_STATE.syntaxError, "too many column names were specified", { at });
  }
  if (bound.columns.length > COLUMNS_MAX)
    throw new SqlError("54011", `tables can have at most ${COLUMNS_MAX} columns`, { at });
  const seen = new Set<string>();
  return bound.columns.map((column, index) => {
    const name = names?.[index] ?? column.name;
    if (seen.has(name)) throw new SqlError(SQL_STATE.duplicateColumn, `column "${name}" duplicated`, { at });
    seen.add(name);
    checkColumnName(name, at);
    const type = storableType(column.type);
    checkColumnType(name, type, at);
    return { position: index + 1, name, type, notNull: false, distKey: false };
  });
}

/** A bare literal is a text; names of the catalog are texts too. */
function storableType(type: SqlType): SqlType {
  switch (type.kind) {
    case "unknown":
      return { kind: "varchar", length: 256 };
    case "name":
    case "regclass":
    case "regproc":
    case "regtype":
      return { kind: "varchar", length: 128 };
    case "text":
      return { kind: "varchar", length: VARCHAR_BYTES_MAX };
    case "char1":
      return { kind: "char", length: 1 };
    case "oid":
    case "xid":
      return { kind: "integer" };
    default:
      return type;
  }
}

export async function tableOf(
  run: DdlRun,
  of: {
    readonly schema: string;
    readonly name: string;
    readonly columns: readonly StoredColumn[];
    readonly attributes: TableAttributes;
    readonly at: number;
  },
): Promise<StoredRelation> {
  checkName(of.name, of.at);
  const nowMs = run.core.shared.clock.now();
  return {
    ...tableShape(of.columns, [], of.attributes, of.at),
    oid: await newOid(run),
    schema: of.schema,
    name: of.name,
    kind: "table",
    owner: run.core.user,
    lateBinding: false,
    autoRefresh: false,
    createdAtMs: nowMs,
    changedAtMs: nowMs,
    constraints: [],
    reads: [],
  };
}

/** Makes the table in DuckDB with the query's rows in it. Answers how many. */
export async function fillTable(
  run: Pick<StatementRun, "connection" | "limit" | "core">,
  table: StoredRelation,
  bound: BoundQuery,
  parameters: Parameters,
): Promise<number> {
  const { connection, limit } = run;
  const items = table.columns.map(({ name, type }, index) => {
    const column = `c${index + 1}`;
    const same = bound.columns[index] !== undefined && duckDbType(bound.columns[index].type) === duckDbType(type);
    return `${same ? column : `CAST(${column} AS ${duckDbType(type)})`} AS ${quotedName(name)}`;
  });
  const temp = isTemporarySchema(table.schema) ? "TEMP " : "";
  const sql = `CREATE ${temp}TABLE ${duckDbName(table)} AS SELECT ${items.join(", ")} FROM (${bound.sql}) AS q`;
  try {
    const result = await connection.stream(sql, parameters, limit);
    const stream = rowStream({ connection, result, limit, aside: () => run.core.shared.connect() });
    let rows = 0;
    for (let chunk = await stream.next(); chunk !== undefined; chunk = await stream.next()) {
      const [count] = chunk.getColumnValues(0);
      rows += Number(count ?? 0);
    }
    return rows;
  } catch (error) {
    throw limit.stopped ?? sqlErrorOf(error, table.name);
  }
}

/** SELECT ... INTO t: undefined for a plain SELECT. */
export function selectInto(statement: QueryStatement): CreateTableAs | undefined {
  const { query } = statement;
  if (query.body.kind !== "select" || query.body.into === undefined) return undefined;
  const { into, ...select } = query.body;
  return {
    kind: "create-table-as",
    name: into.name,
    temporary: into.temporary || into.name.parts.at(-1)?.startsWith("#") === true,
    ifNotExists: false,
    attributes: {},
    query: { ...query, body: select },
    at: statement.at,
  };
}

export function bindInto(statement: QueryStatement, context: BindContext): BoundQuery {
  return bindQuery(selectInto(statement)?.query ?? statement.query, context);
}

export const runInto = (into: CreateTableAs, run: StatementRun<BoundQuery>): Promise<Outcome> => makeTableAs(into, run);
