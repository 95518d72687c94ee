/** Oids that are the same in every warehouse. Those of relations: oids.ts. */

/** Of materialized views' tables: those of the views, moved out of the way. */
export const MATERIALIZED_OFFSET = 1_000_000_000;
/** Each session's own: another's is never seen. */
export const TEMPORARY_SCHEMA_OID = 30_000;
/** What the system brings is its own; the first user of all. */
export const SYSTEM_USER = { oid: 1, name: "rdsdb" } as const;
/** Of the user `penstock`. */
export const OWNER_OID = 100;
export const DATABASE_OID = 100_001;
export const SYSTEM_SCHEMAS = { pg_catalog: 11, information_schema: 11_000 } as const;
