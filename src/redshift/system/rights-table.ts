/** What users may do, as a table of the session's: what HAS_TABLE_PRIVILEGE and its like look into. */
import {
  type AccessRules,
  DATABASE_PRIVILEGES,
  rightsOf,
  SCHEMA_PRIVILEGES,
  TABLE_PRIVILEGES,
} from "../catalog/rights.js";
import type { Snapshot } from "../catalog/snapshot.js";
import type { StoredRelation } from "../catalog/stored.js";
import { jsonRows } from "./json-rows.js";

const SHAPE = { user_name: "VARCHAR", object_type: "VARCHAR", object_oid: "INTEGER", privileges: ["VARCHAR"] } as const;

interface RightsRow {
  readonly user_name: string | null;
  readonly object_type: "all" | "table" | "schema" | "database";
  readonly object_oid: number | null;
  readonly privileges: readonly string[];
}

export function rightsTable(rows: readonly RightsRow[]): string {
  const query = jsonRows(
    rows.map((row) => ({ ...row })),
    SHAPE,
  );
  return `CREATE OR REPLACE TEMPORARY TABLE penstock_rights AS ${query}`;
}

/** Of all users that there are; one row for everybody where nobody's rights are checked. */
export function rightsRows(
  snapshot: Snapshot,
  temporary: Iterable<StoredRelation>,
  session: { readonly user: string; readonly owner: string },
  rules: AccessRules | undefined,
): readonly RightsRow[] {
  if (rules === undefined) return [{ user_name: null, object_type: "all", object_oid: null, privileges: [] }];
  const users = new Set([session.user, session.owner, ...rules.administrators]);
  for (const { kind, name } of snapshot.roles.values()) if (kind === "user") users.add(name);
  const relations = [...snapshot.relations(), ...temporary];
  return [...users].flatMap((user): RightsRow[] => {
    const rights = rightsOf(snapshot, user, rules);
    if (rights.superuser) return [{ user_name: user, object_type: "all", object_oid: null, privileges: [] }];
    const row = (object_type: RightsRow["object_type"], object_oid: number, privileges: readonly string[]) =>
      privileges.length === 0 ? [] : [{ user_name: user, object_type, object_oid, privileges }];
    return [
      ...relations.flatMap((relation) =>
        row(
          "table",
          relation.oid,
          TABLE_PRIVILEGES.filter((privilege) => rights.onRelation(relation, privilege)),
        ),
      ),
      ...[...snapshot.schemas.values()].flatMap(({ oid, name }) =>
        row(
          "schema",
          oid,
          SCHEMA_PRIVILEGES.filter((privilege) => rights.onSchema(name, privilege)),
        ),
      ),
      ...row(
        "database",
        1,
        DATABASE_PRIVILEGES.filter((privilege) => rights.onDatabase(privilege)).map((privilege) =>
          privilege === "temporary" ? "temp" : privilege,
        ),
      ),
    ];
  });
}
