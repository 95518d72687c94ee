/** Attributes and constraints of a table: distribution, sort key, encodings, keys. Checked by Redshift's rules, stored, shown; none of them moves a row. */
import type { StoredColumn, StoredConstraint, StoredRelation } from "../../catalog/stored.js";
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { ColumnDefinition, ForeignKeyTarget, TableAttributes, TableConstraint } from "../../syntax/ast.js";
import { checkPrivilege } from "../access.js";
import { type DdlRun, newOid, requireRelation } from "./catalog-work.js";

/** Source: "CREATE TABLE", SORTKEY: the most columns of each style. */
const COMPOUND_COLUMNS_MAX = 400;
const INTERLEAVED_COLUMNS_MAX = 8;
const NO_KEY: ReadonlySet<string> = new Set(["super", "varbyte"]);

export type TableShape = Pick<StoredRelation, "distStyle" | "sortStyle" | "encodeAuto" | "backup" | "columns">;

/** `definitions` hold what columns say of themselves; [] for CREATE TABLE AS. */
export function tableShape(
  columns: readonly StoredColumn[],
  definitions: readonly ColumnDefinition[],
  attributes: TableAttributes,
  at: number,
): TableShape {
  const dist = distribution(columns, definitions, attributes, at);
  const sort = sortKey(columns, definitions, attributes, at);
  const encoded = columns.some(({ encoding }) => encoding !== undefined);
  if (attributes.encodeAuto === true && encoded) {
    throw new SqlError(SQL_STATE.syntaxError, "ENCODE AUTO cannot be combined with encodings of columns", { at });
  }
  return {
    distStyle: dist.style,
    sortStyle: sort.style,
    encodeAuto: !encoded,
    backup: attributes.backup ?? true,
    columns: columns.map((column) => withKeys(column, dist.key, sort)),
  };
}

interface SortKey {
  readonly style: StoredRelation["sortStyle"];
  readonly columns: readonly string[];
}

export function withKeys(column: StoredColumn, distKey: string | undefined, sort: SortKey): StoredColumn {
  const { sortPosition: _, ...rest } = column;
  const index = sort.columns.indexOf(column.name);
  const position = sort.style === "interleaved" && index % 2 === 1 ? -(index + 1) : index + 1;
  return {
    ...rest,
    distKey: column.name === distKey,
    ...(index === -1 ? {} : { sortPosition: position }),
  };
}

export function distribution(
  columns: readonly StoredColumn[],
  definitions: readonly ColumnDefinition[],
  attributes: TableAttributes,
  at: number,
): { readonly style: StoredRelation["distStyle"]; readonly key: string | undefined } {
  const keys = definitions.filter((column) => column.distKey).map(({ name }) => name);
  if (attributes.distKey !== undefined) keys.push(attributes.distKey);
  if (keys.length > 1) {
    throw new SqlError(SQL_STATE.invalidTableDefinition, "multiple distribution keys specified", {
      at,
      detail: `DISTKEY is said of ${keys.join(", ")}.`,
      hint: "A table is distributed by one column.",
    });
  }
  const [key] = keys;
  const style = attributes.distStyle ?? (key === undefined ? "auto" : "key");
  if (key === undefined && style === "key") {
    throw new SqlError(SQL_STATE.invalidTableDefinition, "DISTSTYLE KEY needs a DISTKEY", {
      at,
      hint: "Name the column: DISTKEY (column).",
    });
  }
  if (key !== undefined && style !== "key") {
    throw new SqlError(
      SQL_STATE.invalidTableDefinition,
      `cannot specify a DISTKEY with DISTSTYLE ${style.toUpperCase()}`,
      { at },
    );
  }
  if (key !== undefined) checkKeyColumn(columns, key, "DISTKEY", at);
  return { style, key };
}

export function sortKey(
  columns: readonly StoredColumn[],
  definitions: readonly ColumnDefinition[],
  attributes: TableAttributes,
  at: number,
): SortKey {
  const own = definitions.filter((column) => column.sortKey).map(({ name }) => name);
  const given = attributes.sortKey;
  if (given !== undefined && own.length > 0) {
    throw new SqlError(SQL_STATE.invalidTableDefinition, "SORTKEY specified more than once", {
      at,
      hint: "Name the columns in one place: behind the column, or behind the table.",
    });
  }
  // Source: "CREATE TABLE", SORTKEY of a column: one column alone.
  if (own.length > 1) {
    throw new SqlError(SQL_STATE.invalidTableDefinition, "multiple column SORTKEYs specified", {
      at,
      hint: `For several columns write it behind the table: COMPOUND SORTKEY (${own.join(", ")}).`,
    });
  }
  for (const column of own) checkKeyColumn(columns, column, "SORTKEY", at);
  if (given === undefined)
    return own.length === 0 ? { style: "auto", columns: [] } : { style: "compound", columns: own };
  if (given.style === "auto" || given.style === "none") return { style: given.style, columns: [] };
  const most = given.style === "compound" ? COMPOUND_COLUMNS_MAX : INTERLEAVED_COLUMNS_MAX;
  if (given.columns.length > most) {
    throw new SqlError("54011", `a ${given.style} SORTKEY takes at most ${most} columns`, { at });
  }
  given.columns.forEach((column, index) => {
    checkKeyColumn(columns, column, "SORTKEY", at);
    if (given.columns.indexOf(column) !== index)
      throw new SqlError(SQL_STATE.duplicateColumn, `column "${column}" appears twice in SORTKEY`, { at });
  });
  return given;
}

function checkKeyColumn(columns: readonly StoredColumn[], name: string, key: string, at: number): void {
  const column = columns.find((one) => one.name === name);
  if (column === undefined) {
    throw new SqlError(SQL_STATE.undefinedColumn, `column "${name}" named in ${key} does not exist`, {
      at,
      hint: `The columns are ${columns.map((one) => one.name).join(", ")}.`,
    });
  }
  if (NO_KEY.has(column.type.kind)) {
    throw new SqlError(
      SQL_STATE.featureNotSupported,
      `column "${name}" of type ${column.type.kind} cannot be a ${key}`,
      { at },
    );
  }
}

interface WantedConstraint {
  readonly constraint: TableConstraint;
  readonly at: number;
}

/** Those of the columns and of the table; [] for none. They are shown and told to planners, as in Redshift; no row is ever refused for one. */
export async function constraintsOf(
  run: DdlRun,
  table: Pick<StoredRelation, "name" | "columns"> & { readonly constraints: readonly StoredConstraint[] },
  definitions: readonly ColumnDefinition[],
  more: readonly WantedConstraint[],
): Promise<readonly StoredConstraint[]> {
  const wanted = [...definitions.flatMap(ofColumn), ...more];
  const made: StoredConstraint[] = [];
  for (const { constraint, at } of wanted)
    made.push(await storedConstraint(run, table, [...table.constraints, ...made], constraint, at));
  return made;
}

function ofColumn(column: ColumnDefinition): WantedConstraint[] {
  const { at, name } = column;
  const columns = [name];
  return [
    ...(column.primaryKey ? [{ constraint: { type: "primary-key", columns } as const, at }] : []),
    ...(column.unique ? [{ constraint: { type: "unique", columns } as const, at }] : []),
    ...(column.references === undefined
      ? []
      : [{ constraint: { type: "foreign-key", columns, references: column.references } as const, at }]),
  ];
}

async function storedConstraint(
  run: DdlRun,
  table: Pick<StoredRelation, "name" | "columns">,
  others: readonly StoredConstraint[],
  constraint: TableConstraint,
  at: number,
): Promise<StoredConstraint> {
  for (const name of constraint.columns) {
    if (!table.columns.some((column) => column.name === name))
      throw new SqlError(SQL_STATE.undefinedColumn, `column "${name}" named in key does not exist`, { at });
  }
  if (constraint.type === "primary-key" && others.some(({ type }) => type === "p")) {
    throw new SqlError(
      SQL_STATE.invalidTableDefinition,
      `multiple primary keys for table "${table.name}" are not allowed`,
      { at },
    );
  }
  const name = constraint.name ?? freeName(table.name, constraint, others);
  if (others.some((other) => other.name === name)) {
    throw new SqlError(SQL_STATE.duplicateObject, `constraint "${name}" for relation "${table.name}" already exists`, {
      at,
    });
  }
  const base = { oid: await newOid(run), name, columns: constraint.columns };
  if (constraint.type !== "foreign-key") return { ...base, type: constraint.type === "primary-key" ? "p" : "u" };
  return { ...base, type: "f", ...foreignKey(run, table, others, constraint.columns, constraint.references, at) };
}

function freeName(table: string, constraint: TableConstraint, others: readonly StoredConstraint[]): string {
  const endings = { "primary-key": "pkey", unique: "key", "foreign-key": "fkey" };
  const columns = constraint.type === "primary-key" ? [] : constraint.columns;
  const base = [table, ...columns, endings[constraint.type]].join("_");
  const taken = new Set(others.map(({ name }) => name));
  for (let number = 0; ; number++) {
    const name = number === 0 ? base : `${base}${number}`;
    if (!taken.has(name)) return name;
  }
}

function foreignKey(
  run: DdlRun,
  table: Pick<StoredRelation, "name" | "columns">,
  own: readonly StoredConstraint[],
  columns: readonly string[],
  target: ForeignKeyTarget,
  at: number,
): Pick<StoredConstraint, "foreignOid" | "foreignColumns"> {
  const self = target.table.parts.length === 1 && target.table.parts[0] === table.name;
  const referenced = self ? undefined : requireRelation(run, target.table);
  if (referenced !== undefined) checkPrivilege(run.core, referenced, "references", at);
  const constraints = referenced?.constraints ?? own;
  const foreignColumns = target.columns ?? constraints.find(({ type }) => type === "p")?.columns;
  const name = target.table.parts.at(-1);
  if (foreignColumns === undefined) {
    throw new SqlError(SQL_STATE.undefinedObject, `there is no primary key for referenced table "${name}"`, { at });
  }
  if (foreignColumns.length !== columns.length) {
    throw new SqlError("42830", "number of referencing and referenced columns for foreign key disagree", { at });
  }
  for (const column of foreignColumns) {
    if (!(referenced ?? table).columns.some((one) => one.name === column)) {
      throw new SqlError(
        SQL_STATE.undefinedColumn,
        `column "${column}" referenced in foreign key constraint does not exist`,
        { at },
      );
    }
  }
  const key = [...foreignColumns].sort().join("\0");
  const isKey = constraints.some((one) => one.type !== "f" && [...one.columns].sort().join("\0") === key);
  if (!isKey) {
    throw new SqlError("42830", `there is no unique constraint matching given keys for referenced table "${name}"`, {
      at,
    });
  }
  return { ...(referenced === undefined ? {} : { foreignOid: referenced.oid }), foreignColumns };
}
