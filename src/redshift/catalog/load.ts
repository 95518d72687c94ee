/** Reads `penstock_catalog` into memory. */
import type { SqlType } from "../types.js";
import {
  type GrantedOn,
  type Grants,
  grantsKey,
  type RoleKind,
  type Roles,
  roleKey,
  type StoredGrant,
  type StoredRole,
} from "./roles.js";
import { type CatalogContents, catalogSnapshot, type Snapshot } from "./snapshot.js";
import type {
  StoredColumn,
  StoredConstraint,
  StoredFunction,
  StoredKind,
  StoredRelation,
  StoredSchema,
} from "./stored.js";

/** Runs one statement of ours and answers its rows: numbers for INTEGER and DOUBLE, text, booleans, null. */
export type ReadRows = (sql: string) => Promise<readonly (readonly unknown[])[]>;

export async function loadCatalog(read: ReadRows, version: number): Promise<Snapshot> {
  const schemas = new Map<string, StoredSchema>();
  for (const row of await read(`SELECT name, oid, owner, quota, comment, external_from, external_options,
      epoch_ms(created_at)::DOUBLE FROM penstock_catalog.schemas ORDER BY oid`)) {
    const schema: StoredSchema = {
      name: String(row[0]),
      oid: Number(row[1]),
      owner: String(row[2]),
      ...optional("quota", row[3]),
      ...optional("comment", row[4]),
      ...optional("externalFrom", row[5]),
      ...optional("externalOptions", row[6]),
      createdAtMs: Number(row[7]),
    };
    schemas.set(schema.name, schema);
  }
  const columns = await columnsByRelation(read);
  const constraints = await constraintsByRelation(read);
  const reads = new Map<number, number[]>();
  for (const [view, relation] of await read("SELECT view_oid, relation_oid FROM penstock_catalog.dependencies"))
    append(reads, Number(view), Number(relation));

  const relations = new Map<number, StoredRelation>();
  for (const row of await read(`SELECT oid, schema_name, name, kind, owner, coalesce(dist_style, 'auto'), coalesce(sort_style, 'auto'),
      encode_auto, backup, definition, late_binding, auto_refresh, comment, external, epoch_ms(created_at)::DOUBLE,
      epoch_ms(changed_at)::DOUBLE, epoch_ms(refreshed_at)::DOUBLE FROM penstock_catalog.relations ORDER BY oid`)) {
    const oid = Number(row[0]);
    relations.set(oid, {
      oid,
      schema: String(row[1]),
      name: String(row[2]),
      kind: row[3] as StoredKind,
      owner: String(row[4]),
      distStyle: row[5] as StoredRelation["distStyle"],
      sortStyle: row[6] as StoredRelation["sortStyle"],
      encodeAuto: row[7] === true,
      backup: row[8] === true,
      ...optional("definition", row[9]),
      lateBinding: row[10] === true,
      autoRefresh: row[11] === true,
      ...optional("comment", row[12]),
      ...optional("external", row[13]),
      createdAtMs: Number(row[14]),
      changedAtMs: Number(row[15]),
      ...(row[16] === null ? {} : { refreshedAtMs: Number(row[16]) }),
      columns: columns.get(oid) ?? [],
      constraints: constraints.get(oid) ?? [],
      reads: reads.get(oid) ?? [],
    });
  }
  const contents: CatalogContents = {
    schemas,
    relations,
    roles: await rolesOf(read),
    grants: await grantsOf(read),
    functions: await functionsOf(read),
  };
  return catalogSnapshot(contents, version);
}

async function functionsOf(read: ReadRows): Promise<ReadonlyMap<number, StoredFunction>> {
  const rows = await read(
    "SELECT oid, schema_name, name, owner, arguments, returns, volatility, body FROM penstock_catalog.functions ORDER BY oid",
  );
  return new Map(
    rows.map((row) => {
      const [oid, schema, name, owner, types, returns, volatility, body] = row.map(String) as [string, ...string[]];
      const found: StoredFunction = {
        oid: Number(oid),
        schema: schema!,
        name: name!,
        owner: owner!,
        arguments: JSON.parse(types!) as SqlType[],
        returns: JSON.parse(returns!) as SqlType,
        volatility: volatility as StoredFunction["volatility"],
        body: body!,
      };
      return [found.oid, found] as const;
    }),
  );
}

async function rolesOf(read: ReadRows): Promise<Roles> {
  const rows = await read("SELECT oid, kind, name FROM penstock_catalog.roles ORDER BY oid");
  return new Map(
    rows.map(([oid, kind, name]) => {
      const role: StoredRole = { oid: Number(oid), kind: kind as RoleKind, name: String(name) };
      return [roleKey(role.kind, role.name), role] as const;
    }),
  );
}

async function grantsOf(read: ReadRows): Promise<Grants> {
  const found = new Map<string, StoredGrant[]>();
  for (const row of await read(
    "SELECT DISTINCT object_type, object_oid, grantee_type, grantee, privilege FROM penstock_catalog.grants",
  )) {
    const grant: StoredGrant = {
      objectType: row[0] as GrantedOn,
      objectOid: Number(row[1]),
      granteeType: row[2] as StoredGrant["granteeType"],
      grantee: String(row[3]),
      privilege: String(row[4]),
    };
    append(found, grantsKey(grant.objectType, grant.objectOid), grant);
  }
  return found;
}

async function columnsByRelation(read: ReadRows): Promise<ReadonlyMap<number, readonly StoredColumn[]>> {
  const found = new Map<number, StoredColumn[]>();
  for (const row of await read(`SELECT relation_oid, position, name, type_kind, type_length, type_precision, type_scale, not_null,
      default_text, encoding, dist_key, sort_position, identity_seed::DOUBLE, identity_step::DOUBLE, identity_by_default,
      identity_sequence, collation_name, comment FROM penstock_catalog.columns ORDER BY relation_oid, position`)) {
    append(found, Number(row[0]), {
      position: Number(row[1]),
      name: String(row[2]),
      type: typeOf(String(row[3]), row[4], row[5], row[6]),
      notNull: row[7] === true,
      ...optional("defaultText", row[8]),
      ...optional("encoding", row[9]),
      distKey: row[10] === true,
      ...(row[11] === null ? {} : { sortPosition: Number(row[11]) }),
      ...(row[15] === null
        ? {}
        : {
            identity: {
              seed: Number(row[12]),
              step: Number(row[13]),
              byDefault: row[14] === true,
              sequence: String(row[15]),
            },
          }),
      ...optional("collation", row[16]),
      ...optional("comment", row[17]),
    });
  }
  return found;
}

async function constraintsByRelation(read: ReadRows): Promise<ReadonlyMap<number, readonly StoredConstraint[]>> {
  const found = new Map<number, StoredConstraint[]>();
  // Lists as JSON text: the reader of rows knows plain values only.
  for (const row of await read(`SELECT relation_oid, oid, name, type, to_json(columns)::VARCHAR, foreign_oid,
      to_json(foreign_columns)::VARCHAR FROM penstock_catalog.constraints ORDER BY oid`)) {
    const foreignColumns = row[6] === null ? null : (JSON.parse(String(row[6])) as string[] | null);
    append(found, Number(row[0]), {
      oid: Number(row[1]),
      name: String(row[2]),
      type: row[3] as StoredConstraint["type"],
      columns: JSON.parse(String(row[4])) as string[],
      ...(row[5] === null ? {} : { foreignOid: Number(row[5]) }),
      ...(foreignColumns === null ? {} : { foreignColumns }),
    });
  }
  return found;
}

/** The type that `type_kind` and its numbers stand for. An array's kind is `array` with its item's kind behind it. */
export function typeOf(kind: string, length: unknown, precision: unknown, scale: unknown): SqlType {
  if (kind.startsWith("array ")) return { kind: "array", of: typeOf(kind.slice(6), length, precision, scale) };
  switch (kind) {
    case "decimal":
      return { kind, precision: Number(precision), scale: Number(scale) };
    case "char":
    case "varchar":
    case "varbyte":
      return { kind, length: Number(length) };
    default:
      return { kind } as SqlType;
  }
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

function optional<K extends string>(key: K, value: unknown): { [P in K]?: string } {
  return value === null || value === undefined ? {} : ({ [key]: String(value) } as { [P in K]?: string });
}
