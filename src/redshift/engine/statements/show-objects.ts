/** SHOW DATABASES, SCHEMAS, TABLES, COLUMNS and so on. Columns as Redshift's documentation of each lists them. */
import type { StoredColumn, StoredRelation, StoredSchema } from "../../catalog/stored.js";
import type { SqlColumn, SqlValue } from "../../database.js";
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { QualifiedName, ShowObjects } from "../../syntax/ast.js";
import { type SqlType, typeName, typeText } from "../../types.js";
import { requireRelation } from "../ddl/catalog-work.js";
import { type SessionCore, type StatementHandler, type StatementRun, textColumn } from "../statement-run.js";
import { tableText, viewText } from "./object-text.js";

type Row = readonly SqlValue[];
type ShownRun = Pick<StatementRun, "core" | "connection" | "limit" | "context">;

interface Shown {
  readonly columns: readonly SqlColumn[];
  /** With LIKE only those whose value in this column matches. */
  readonly name?: string;
  rows(from: QualifiedName | undefined, run: ShownRun, at: number): readonly Row[];
}

/** `name`, or `name integer`. */
function columns(text: string): readonly SqlColumn[] {
  return text.split(/,\s*/).map((one) => {
    const [name = "", kind] = one.split(" ");
    return kind === undefined ? textColumn(name) : { name, type: { kind } as SqlType };
  });
}

const OBJECTS: Readonly<Record<string, Shown>> = {
  databases: {
    columns: columns(
      "database_name, database_owner integer, database_type, database_acl, parameters, database_isolation_level",
    ),
    name: "database_name",
    rows: (_, { core }) => [[core.shared.name, 100, "local", null, null, "Snapshot Isolation"]],
  },
  schemas: {
    columns: columns(
      "database_name, schema_name, schema_owner integer, schema_type, schema_acl, source_database, schema_option",
    ),
    name: "schema_name",
    rows: (from, { core }, at) => {
      checkDatabase(core, from?.parts[0], at);
      return schemasOf(core).map((schema) => [
        core.shared.name,
        schema.name,
        100,
        schema.externalFrom === undefined ? "local" : "external",
        null,
        null,
        schema.externalOptions ?? null,
      ]);
    },
  },
  tables: {
    columns: columns(
      "database_name, schema_name, table_name, table_type, table_acl, remarks, owner, last_altered_time timestamp, dist_style, table_subtype",
    ),
    name: "table_name",
    rows: (from, { core }, at) =>
      relationsIn(core, from, at).map((relation) => [
        core.shared.name,
        relation.schema,
        relation.name,
        TABLE_TYPES[relation.kind],
        null,
        relation.comment ?? null,
        relation.owner,
        timeText(relation.changedAtMs),
        relation.kind === "table" ? distStyle(relation) : null,
        relation.kind === "view" && relation.lateBinding ? "LATE BINDING VIEW" : SUBTYPES[relation.kind],
      ]),
  },
  columns: {
    columns: columns(
      "database_name, schema_name, table_name, column_name, ordinal_position integer, column_default, is_nullable, data_type, character_maximum_length integer, numeric_precision integer, numeric_scale integer, remarks, sort_key_type, sort_key integer, dist_key integer, encoding, collation",
    ),
    name: "column_name",
    rows: (from, run, at) => {
      const relation = relationOf(from, run, at);
      return relation.columns.map((column, index) => columnRow(run.core, relation, column, index + 1));
    },
  },
  constraints: keys("p", "f"),
  "constraints primary keys": keys("p"),
  "constraints foreign keys": keys("f"),
  table: {
    columns: [textColumn("Show Table DDL statement")],
    rows: (from, run, at) => {
      const relation = relationOf(from, run, at);
      if (relation.kind !== "table") {
        throw new SqlError(SQL_STATE.wrongObjectType, `"${relation.name}" is not a table`, { at });
      }
      return [[tableText(relation, (oid) => run.core.transaction.snapshot.byOid(oid))]];
    },
  },
  view: {
    columns: [textColumn("Show View DDL statement")],
    rows: (from, run, at) => {
      const relation = relationOf(from, run, at);
      const text = viewText(relation);
      if (text === undefined) {
        throw new SqlError(SQL_STATE.wrongObjectType, `"${relation.name}" is not a view`, { at });
      }
      return [[text]];
    },
  },
  grants: nothing(
    "database_name, schema_name, object_name, object_type, privilege_type, identity_id integer, identity_name, identity_type, admin_option boolean, privilege_scope, grantor_name",
  ),
  "column grants": nothing(
    "database_name, schema_name, table_name, column_name, object_type, privilege_type, identity_id integer, identity_name, identity_type, admin_option boolean, privilege_scope, grantor_name",
  ),
  procedures: nothing(
    "database_name, schema_name, procedure_name, number_of_arguments integer, argument_list, return_type, remarks",
  ),
  functions: {
    columns: columns(
      "database_name, schema_name, function_name, number_of_arguments integer, argument_list, return_type, remarks",
    ),
    name: "function_name",
    rows: (from, { core }, at) => {
      checkDatabase(core, from !== undefined && from.parts.length > 1 ? from.parts[0] : undefined, at);
      return core.transaction.snapshot
        .functionsOf(from?.parts.at(-1) ?? "public")
        .map(({ schema, name, arguments: types, returns }) => [
          core.shared.name,
          schema,
          name,
          types.length,
          types.map(typeName).join(", "),
          typeName(returns),
          null,
        ]);
    },
  },
  parameters: nothing(
    "database_name, schema_name, procedure_name, parameter_name, ordinal_position integer, parameter_type, data_type, character_maximum_length integer, numeric_precision integer, numeric_scale integer",
  ),
  datashares: nothing(
    "share_name, share_owner, source_database, consumer_database, share_type, createdate timestamp, is_publicaccessible boolean, share_acl, producer_account, producer_namespace",
  ),
  policies: nothing("policy_name, schema_name, table_name, policy_type"),
};

const TABLE_TYPES: Readonly<Record<StoredRelation["kind"], string>> = {
  table: "TABLE",
  view: "VIEW",
  "materialized-view": "VIEW",
  "external-table": "EXTERNAL TABLE",
};

const SUBTYPES: Readonly<Record<StoredRelation["kind"], string>> = {
  table: "REGULAR TABLE",
  view: "REGULAR VIEW",
  "materialized-view": "MATERIALIZED VIEW",
  "external-table": "EXTERNAL TABLE",
};

export const showObjectsHandler: StatementHandler<ShowObjects> = {
  access: "none",
  columns: (statement) => shownOf(statement).columns,
  async run(statement, run) {
    const shown = shownOf(statement);
    const all = shown.rows(statement.from, run, statement.from?.at ?? statement.at);
    const place = shown.columns.findIndex(({ name }) => name === shown.name);
    const matches = statement.like === undefined || place === -1 ? () => true : likePattern(statement.like);
    const rows = all.filter((row) => matches(String(row[place] ?? ""))).slice(0, statement.limit);
    return { tag: () => "SHOW", columns: shown.columns, rows };
  },
};

function shownOf({ object, at }: ShowObjects): Shown {
  const shown = OBJECTS[object];
  if (shown !== undefined) return shown;
  throw new SqlError(SQL_STATE.featureNotSupported, `SHOW ${object.toUpperCase()} is not supported`, { at });
}

/** Kinds of objects that there are none of. */
function nothing(names: string): Shown {
  return { columns: columns(names), rows: () => [] };
}

function keys(...types: readonly ("p" | "f")[]): Shown {
  return {
    columns: columns(
      "pk_table_catalog, pk_table_schema, pk_table_name, pk_column_name, fk_table_catalog, fk_table_schema, fk_table_name, fk_column_name, key_seq integer, constraint_name, constraint_type",
    ),
    rows: (from, run, at) => {
      const { core } = run;
      const relation = relationOf(from, run, at);
      return relation.constraints
        .filter(({ type }) => types.includes(type as "p" | "f"))
        .flatMap((constraint) => {
          const foreign = constraint.type === "f";
          const other =
            constraint.foreignOid === undefined ? relation : core.transaction.snapshot.byOid(constraint.foreignOid);
          return constraint.columns.map((column, index): Row => {
            const own = [core.shared.name, relation.schema, relation.name, column];
            const target = [
              core.shared.name,
              other?.schema ?? null,
              other?.name ?? null,
              constraint.foreignColumns?.[index] ?? null,
            ];
            const word = foreign ? "FOREIGN KEY" : "PRIMARY KEY";
            return [
              ...(foreign ? [...target, ...own] : [...own, null, null, null, null]),
              index + 1,
              constraint.name,
              word,
            ];
          });
        });
    },
  };
}

function schemasOf(core: SessionCore): readonly StoredSchema[] {
  const own = [...core.transaction.snapshot.schemas.values()];
  const system = ["information_schema", "pg_catalog"].map(
    (name): StoredSchema => ({ oid: 11, name, owner: "rdsdb", createdAtMs: 0 }),
  );
  return [...own, ...system].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function checkDatabase(core: SessionCore, name: string | undefined, at: number): void {
  if (name === undefined || name === core.shared.name) return;
  throw new SqlError(SQL_STATE.invalidCatalogName, `database "${name}" does not exist`, { at });
}

function relationsIn(core: SessionCore, from: QualifiedName | undefined, at: number): readonly StoredRelation[] {
  const schema = from?.parts.at(-1) ?? "public";
  if (from !== undefined && from.parts.length > 1) checkDatabase(core, from.parts[0], at);
  if (!schemasOf(core).some(({ name }) => name === schema)) {
    throw new SqlError(SQL_STATE.invalidSchemaName, `schema "${schema}" does not exist`, { at });
  }
  return [...core.transaction.snapshot.relationsOf(schema)].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function relationOf(from: QualifiedName | undefined, run: ShownRun, at: number): StoredRelation {
  if (from === undefined) throw new SqlError(SQL_STATE.syntaxError, "the name of a table is missing", { at });
  return requireRelation(run, from);
}

function columnRow(core: SessionCore, relation: StoredRelation, column: StoredColumn, position: number): Row {
  const { type } = column;
  const sorted = column.sortPosition !== undefined;
  return [
    core.shared.name,
    relation.schema,
    relation.name,
    column.name,
    position,
    column.defaultText ?? null,
    column.notNull ? "NO" : "YES",
    typeText(type).replace(/\(.*\)$/, ""),
    "length" in type ? type.length : null,
    type.kind === "decimal" ? type.precision : (PRECISIONS[type.kind] ?? null),
    type.kind === "decimal" ? type.scale : PRECISIONS[type.kind] === undefined ? null : 0,
    column.comment ?? null,
    sorted ? relation.sortStyle.toUpperCase() : null,
    column.sortPosition ?? null,
    column.distKey ? 1 : null,
    column.encoding ?? null,
    column.collation ?? null,
  ];
}

const PRECISIONS: Readonly<Partial<Record<SqlType["kind"], number>>> = { smallint: 16, integer: 32, bigint: 64 };

function distStyle(relation: StoredRelation): string {
  const key = relation.columns.find(({ distKey }) => distKey)?.name;
  if (relation.distStyle === "key" && key !== undefined) return `KEY(${key})`;
  return relation.distStyle === "auto" ? "AUTO (EVEN)" : relation.distStyle.toUpperCase();
}

function timeText(ms: number): string {
  return new Date(ms)
    .toISOString()
    .replace("T", " ")
    .replace(/\.?0*Z$/, "");
}

/** `%` and `_` as LIKE has them. */
function likePattern(like: string): (value: string) => boolean {
  const source = [...like]
    .map((one) => (one === "%" ? ".*" : one === "_" ? "." : one.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")))
    .join("");
  const pattern = new RegExp(`^${source}$`, "s");
  return (value) => pattern.test(value);
}
