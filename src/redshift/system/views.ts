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
import { PG_USERS } from "./pg-users.js";
import { relationQuery, type SystemRelation } from "./relation.js";
import { rightsTable } from "./rights-table.js";
import { lateColumns, sessionTables } from "./session-tables.js";
import { STL } from "./stl.js";
import { STV, SVL } from "./stv.js";
import { SVV } from "./svv.js";
import { SVV_USERS } from "./svv-users.js";
import { SYS } from "./sys.js";
import { SYSTEM_TABLES_DDL, systemRows } from "./system-tables.js";
import { VOLATILE_VIEWS } from "./volatile.js";

export const SYSTEM_RELATIONS: readonly SystemRelation[] = [
  ...PG_OBJECTS,
  ...PG_USERS,
  ...PG_MORE,
  ...INFORMATION_SCHEMA,
  ...SVV,
  ...SVV_USERS,
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

function infoOf(relation: SystemRelation): RelationInfo {
  const { schema, name } = relation;
  let shown = 0;
  return {
    oid: systemOid(schema, name),
    schema,
    name,
    kind: "system-view",
    from: `(${relationQuery(relation)})`,
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

/** Macros are bound when they are made: to tables of this session, later to those of the session that calls them. */
const NO_SESSION = [
  ...sessionTables({ temporary: new Map(), temporarySchema: "pg_temp_0", searchPath: [] }),
  lateColumns([]),
  rightsTable([]),
];

/** All that is kept in the warehouse, as one text; the same program makes the same. */
function definition(): { readonly statements: readonly string[]; readonly mark: string } {
  const statements = [
    SYSTEM_TABLES_DDL,
    ...systemRows(SYSTEM_RELATIONS),
    ...BASE_VIEWS,
    ...VOLATILE_VIEWS,
    ...NO_SESSION,
    ...MACROS,
  ];
  return { statements, mark: createHash("sha256").update(statements.join("\n")).digest("hex") };
}

let defined: ReturnType<typeof definition> | undefined;

/** What is needed of a connection to the warehouse. */
export interface SystemConnection {
  run(sql: string): Promise<unknown>;
  rows(sql: string): Promise<readonly (readonly unknown[])[]>;
}

/**
 * Brings what the system's relations are made of into `penstock_catalog`. It is kept in the warehouse's file with a mark of what made it, so that it is
 * made once for each version of the program, not at every start.
 */
export async function prepareSystemSchema(connection: SystemConnection): Promise<void> {
  await connection.run(LOAD_LOG_DDL.join(";\n"));
  defined ??= definition();
  const { statements, mark } = defined;
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
