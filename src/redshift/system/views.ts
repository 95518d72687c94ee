/** The system's relations: how statements find them, and what they are made of in DuckDB. */
import { createHash } from "node:crypto";
import type { RelationColumn, RelationInfo } from "../binder/bound.js";
import { textLiteral } from "../sql-text.js";
import { BASE_VIEWS } from "./base.js";
import { INFORMATION_SCHEMA } from "./information-schema.js";
import { LOAD_LOG_DDL } from "./load-log.js";
import { MACROS } from "./macros.js";
import { systemOid } from "./oids.js";
import { PG_MORE } from "./pg-more.js";
import { PG_OBJECTS } from "./pg-objects.js";
import { relationQuery, type SystemRelation, viewName } from "./relation.js";
import { STL } from "./stl.js";
import { STV, SVL } from "./stv.js";
import { SVV } from "./svv.js";
import { SYS } from "./sys.js";
import { SYSTEM_TABLES_DDL, systemRows } from "./system-tables.js";
import { VOLATILE_VIEWS } from "./volatile.js";

const VIEWS: Readonly<Record<Volatile, string>> = {
  queries: "penstock_catalog.queries",
  sessions: "penstock_catalog.sessions",
  settings: "penstock_catalog.session_settings",
};

/** In the order of their making. */
export const SYSTEM_RELATIONS: readonly SystemRelation[] = [
  ...PG_OBJECTS,
  ...PG_MORE,
  ...INFORMATION_SCHEMA,
  ...SVV,
  ...SYS,
  ...STL,
  ...STV,
  ...SVL,
];

const INFOS: ReadonlyMap<string, RelationInfo> = new Map(
  SYSTEM_RELATIONS.map((relation) => [`${relation.schema}.${relation.name}`, infoOf(relation)]),
);

/** The relation of that name; without a schema one of pg_catalog, which stands before all others on the search path. */
export function systemView(schema: string | undefined, name: string): RelationInfo | undefined {
  return INFOS.get(`${schema ?? "pg_catalog"}.${name}`);
}

/** What of the session's own it shows, beside temporary tables: told before it is read. */
export type Volatile = "queries" | "sessions" | "settings";

/** Quoted names of the views that show each, as statements have them. */
export const VOLATILE_NAMES: readonly (readonly [of: Volatile, views: readonly string[]])[] = (
  ["queries", "sessions", "settings"] as const
).map((of) => [of, SYSTEM_RELATIONS.filter(({ from }) => from?.includes(VIEWS[of])).map(viewName)]);

function infoOf(relation: SystemRelation): RelationInfo {
  const { schema, name } = relation;
  let shown = 0;
  return {
    oid: systemOid(schema, name),
    schema,
    name,
    kind: "system-view",
    // One that never has rows needs no view: its columns are told where it is read.
    from: relation.from === undefined ? `(${relationQuery(relation)})` : viewName(relation),
    writable: false,
    columns: relation.columns.map(
      (column): RelationColumn => ({
        name: column.name,
        type: column.type,
        nullable: true,
        position: column.hidden ? -2 : ++shown,
        ...(column.hidden ? { hidden: true } : {}),
      }),
    ),
  };
}

/** All of it, as one text; the same program makes the same. */
function definition(): readonly string[] {
  return [
    SYSTEM_TABLES_DDL,
    ...systemRows(SYSTEM_RELATIONS),
    ...BASE_VIEWS,
    ...VOLATILE_VIEWS,
    ...MACROS,
    ...SYSTEM_RELATIONS.filter(({ from }) => from !== undefined).map(
      (relation) => `CREATE OR REPLACE VIEW ${viewName(relation)} AS ${relationQuery(relation)}`,
    ),
  ];
}

/** What is needed of a connection to the warehouse. */
export interface SystemConnection {
  run(sql: string): Promise<unknown>;
  rows(sql: string): Promise<readonly (readonly unknown[])[]>;
}

/**
 * Brings the system's relations into `penstock_catalog`. They are kept in the warehouse's file with a mark of what made them, so that they are made
 * once for each version of the program, not at every start.
 */
export async function prepareSystemSchema(connection: SystemConnection): Promise<void> {
  await connection.run(LOAD_LOG_DDL.join(";\n"));
  const statements = definition();
  const mark = createHash("sha256").update(statements.join("\n")).digest("hex");
  const marked = await connection.rows(
    "SELECT comment FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = 'penstock_catalog' AND table_name = 'system_relations'",
  );
  if (marked[0]?.[0] === mark) return;
  const text = [
    "BEGIN TRANSACTION",
    ...statements,
    `COMMENT ON TABLE penstock_catalog.system_relations IS ${textLiteral(mark)}`,
    "COMMIT",
  ].join(";\n");
  try {
    await connection.run(text);
  } catch (error) {
    await connection.run("ROLLBACK").catch(() => undefined);
    throw error;
  }
}
