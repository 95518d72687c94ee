/** Column definitions of CREATE TABLE and ALTER TABLE ADD, checked and as they are stored. */
import type { BindContext, Scope } from "../../binder/bound.js";
import { bindExpression, coerce } from "../../binder/expressions/bind-expression.js";
import { typeOfName } from "../../binder/expressions/type-of-name.js";
import type { StoredColumn } from "../../catalog/stored.js";
import { SQL_STATE, SqlError } from "../../sql-error.js";
import { quotedName } from "../../sql-text.js";
import type { ColumnDefinition, Expression } from "../../syntax/ast.js";
import { type SqlType, typeName } from "../../types.js";
import { duckDbType } from "../../types-duckdb.js";
import { encodingOf } from "./encodings.js";

/** Source: "CREATE TABLE": the most columns of a table. */
export const COLUMNS_MAX = 1_600;
/** Source: "Names and identifiers": bytes. */
const NAME_BYTES_MAX = 127;
/** Names that every table of PostgreSQL's has already. */
const SYSTEM_COLUMNS: ReadonlySet<string> = new Set([
  "oid",
  "tableoid",
  "xmin",
  "cmin",
  "xmax",
  "cmax",
  "ctid",
  "deletexid",
  "insertxid",
]);
/** The catalog's own, which no table can hold. */
const NOT_FOR_TABLES: ReadonlySet<SqlType["kind"]> = new Set([
  "unknown",
  "void",
  "regclass",
  "regproc",
  "regtype",
  "xid",
  "array",
]);

/** `sequence` names DuckDB's sequence where the column is an identity. Attributes of the table are added later. */
export function storedColumn(
  definition: ColumnDefinition,
  {
    context,
    position,
    sequence,
  }: { readonly context: BindContext; readonly position: number; readonly sequence: string },
): StoredColumn {
  const { name, at, identity } = definition;
  checkColumnName(name, at);
  const type = typeOfName(definition.type);
  checkColumnType(name, type, definition.type.at);
  if (identity !== undefined) checkIdentity(definition, type);
  if (definition.default !== undefined) boundDefault(name, type, definition.default, context);
  const encoding = definition.encode === undefined ? undefined : encodingOf(definition.encode, type, name, at);
  return {
    position,
    name,
    type,
    notNull: definition.notNull === true || definition.primaryKey || identity !== undefined,
    ...(definition.defaultText === undefined ? {} : { defaultText: definition.defaultText }),
    ...(encoding === undefined ? {} : { encoding }),
    distKey: false,
    ...(identity === undefined ? {} : { identity: { ...identity, sequence } }),
    ...(definition.collate === undefined ? {} : { collation: collation(definition.collate, at) }),
  };
}

export function checkColumnName(name: string, at: number): void {
  if (SYSTEM_COLUMNS.has(name)) {
    throw new SqlError(SQL_STATE.duplicateColumn, `column name "${name}" conflicts with a system column name`, { at });
  }
  checkName(name, at);
}

export function checkName(name: string, at: number): void {
  const bytes = Buffer.byteLength(name);
  if (bytes <= NAME_BYTES_MAX) return;
  throw new SqlError("42622", `identifier "${name}" is too long: ${bytes} bytes of at most ${NAME_BYTES_MAX}`, { at });
}

export function checkColumnType(name: string, type: SqlType, at: number): void {
  if (!NOT_FOR_TABLES.has(type.kind)) return;
  throw new SqlError(SQL_STATE.invalidTableDefinition, `column "${name}" has pseudo-type ${typeName(type)}`, {
    at,
    hint: "Give it a type of Redshift's that a table can hold: cast a literal, say 'x'::varchar(10).",
  });
}

function checkIdentity(definition: ColumnDefinition, type: SqlType): void {
  const { name, at, identity } = definition;
  if (type.kind !== "integer" && type.kind !== "bigint") {
    throw new SqlError(
      SQL_STATE.invalidTableDefinition,
      `identity column "${name}" must be of type INTEGER or BIGINT`,
      { at },
    );
  }
  if (identity?.step === 0) {
    throw new SqlError(SQL_STATE.invalidParameterValue, "the step of an IDENTITY must not be zero", { at });
  }
  if (definition.default !== undefined) {
    throw new SqlError(SQL_STATE.syntaxError, `both default and identity specified for column "${name}"`, { at });
  }
  if (definition.notNull === false) {
    throw new SqlError(SQL_STATE.syntaxError, `conflicting NULL/NOT NULL declarations for column "${name}"`, {
      at,
      detail: "An identity column is NOT NULL.",
    });
  }
}

function collation(collate: string, at: number): string {
  const name = collate.toLowerCase();
  if (name === "case_sensitive" || name === "cs") return "case_sensitive";
  if (name === "case_insensitive" || name === "ci") {
    throw new SqlError(SQL_STATE.featureNotSupported, "COLLATE CASE_INSENSITIVE of a column is not supported", {
      at,
      hint: "Compare LOWER(column), or write COLLATE(column, 'case_insensitive') where you need it.",
    });
  }
  throw new SqlError(SQL_STATE.undefinedObject, `collation "${collate}" does not exist`, { at });
}

/** A default as DuckDB's text. Throws where it is none: it names columns, or is of another type. */
export function boundDefault(column: string, type: SqlType, value: Expression, context: BindContext): string {
  const refuse = (message: string, at: number): never => {
    throw new SqlError(SQL_STATE.invalidColumnReference, message, { at });
  };
  const scope: Scope = {
    context,
    clause: "DEFAULT",
    aggregatesAllowed: false,
    windowsAllowed: false,
    column: (_, at) => refuse("cannot use column references in default expression", at),
    query: (query) => refuse("cannot use subquery in default expression", query.at),
  };
  const bound = bindExpression(value, scope, type);
  try {
    return coerce(bound, type, "assignment", context).sql;
  } catch (error) {
    if (!(error instanceof SqlError) || error.state !== SQL_STATE.datatypeMismatch) throw error;
    throw new SqlError(
      SQL_STATE.datatypeMismatch,
      `column "${column}" is of type ${typeName(type)} but default expression is of type ${typeName(bound.type)}`,
      { at: value.at, hint: "You will need to rewrite or cast the expression.", cause: error },
    );
  }
}

/** Of CREATE TABLE in DuckDB: no defaults, no keys; these are the binder's and nobody's. */
export function columnText({ name, type, notNull }: Pick<StoredColumn, "name" | "type" | "notNull">): string {
  return `${quotedName(name)} ${duckDbType(type)}${notNull ? " NOT NULL" : ""}`;
}

export function sequenceName(relationOid: number, position: number): string {
  return `penstock_catalog.identity_${relationOid}_${position}`;
}

/** The sequences of a table's identity columns. Temporary tables' too: they are dropped with the table, or when the file is opened next. */
export function sequenceTexts(columns: readonly StoredColumn[]): readonly string[] {
  return columns.flatMap(({ identity }) => {
    if (identity === undefined) return [];
    const { sequence, seed, step } = identity;
    const bounds =
      step < 0 ? " MINVALUE -9223372036854775808 MAXVALUE 9223372036854775807" : " MINVALUE -9223372036854775808";
    return [`CREATE SEQUENCE ${sequence} INCREMENT ${step}${bounds} START ${seed}`];
  });
}

export function dropSequenceTexts(columns: readonly StoredColumn[]): readonly string[] {
  return columns.flatMap(({ identity }) =>
    identity === undefined ? [] : [`DROP SEQUENCE IF EXISTS ${identity.sequence}`],
  );
}
