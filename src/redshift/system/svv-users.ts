/** SVV_ views of users, privileges and what goes on. */
import { relation } from "./relation.js";

const DATABASE = "'penstock'";
const PRIVILEGES =
  "(VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE'), ('DROP'), ('REFERENCES'), ('ALTER'), ('TRUNCATE')) AS p(privilege)";

/** Rows of grants that are privileges by themselves. */
const PLAIN = "g.privilege NOT LIKE '%*' AND g.privilege NOT LIKE 'no %'";
const GRANTABLE =
  "EXISTS (SELECT 1 FROM penstock_catalog.grants AS o WHERE o.object_type = g.object_type AND o.object_oid = g.object_oid AND o.grantee_type = g.grantee_type AND o.grantee = g.grantee AND o.privilege = g.privilege || '*')";

export const SVV_USERS = [
  relation(
    "svv_relation_privileges",
    `
    namespace_name text = p.schema_name
    relation_name text = p.name
    privilege_type text = p.privilege
    identity_id integer = penstock_catalog.user_oid(p.grantee)
    identity_name text = p.grantee
    identity_type text = p.grantee_type
    admin_option boolean = p.admin
    `,
    `(SELECT r.schema_name, r.name, p.privilege, r.owner AS grantee, 'user' AS grantee_type, TRUE AS admin FROM temp.penstock_relations AS r, ${PRIVILEGES}
      WHERE NOT r.temporary AND r.kind <> 'system-view'
      UNION ALL SELECT r.schema_name, r.name, upper(g.privilege), g.grantee, g.grantee_type, ${GRANTABLE} FROM penstock_catalog.grants AS g
      JOIN temp.penstock_relations AS r ON r.oid = g.object_oid WHERE g.object_type = 'table' AND ${PLAIN} AND NOT (g.grantee_type = 'user' AND g.grantee = r.owner)) AS p`,
  ),
  relation(
    "svv_schema_privileges",
    `
    namespace_name text = s.name
    privilege_type text = p.privilege
    identity_id integer = penstock_catalog.user_oid(p.grantee)
    identity_name text = p.grantee
    identity_type text = p.grantee_type
    admin_option boolean = p.grantee = s.owner
    `,
    `temp.penstock_schemas AS s JOIN (SELECT o.name AS schema_name, p.privilege, o.owner AS grantee, 'user' AS grantee_type
        FROM temp.penstock_schemas AS o, (VALUES ('USAGE'), ('CREATE')) AS p(privilege)
      UNION ALL SELECT o.name, upper(g.privilege), g.grantee, g.grantee_type FROM penstock_catalog.grants AS g JOIN penstock_catalog.schemas AS o ON o.oid = g.object_oid
        WHERE g.object_type = 'schema' AND ${PLAIN} AND NOT (g.grantee_type = 'user' AND g.grantee = o.owner)
      UNION ALL SELECT d.schema_name, d.privilege, 'public', 'public' FROM (VALUES ('public', 'USAGE'), ('public', 'CREATE'), ('penstock', 'USAGE')) AS d(schema_name, privilege)
        WHERE NOT EXISTS (SELECT 1 FROM penstock_catalog.grants AS n JOIN penstock_catalog.schemas AS o ON o.oid = n.object_oid
          WHERE n.object_type = 'schema' AND o.name = d.schema_name AND n.privilege = 'no ' || lower(d.privilege))) AS p ON p.schema_name = s.name`,
  ),
  relation(
    "svv_database_privileges",
    `
    database_name text = ${DATABASE}
    privilege_type text = p.privilege
    identity_id integer = 100
    identity_name text = 'penstock'
    identity_type text = 'user'
    admin_option boolean = TRUE
    privilege_scope text = 'DATABASE'
    `,
    "(VALUES ('CREATE'), ('TEMP'), ('USAGE')) AS p(privilege)",
  ),
  relation(
    "svv_function_privileges",
    "namespace_name text, function_name text, argument_types text, privilege_type text, identity_id integer, identity_name text, identity_type text, admin_option boolean",
  ),
  relation(
    "svv_column_privileges",
    "namespace_name text, relation_name text, column_name text, privilege_type text, identity_id integer, identity_name text, identity_type text",
  ),
  relation(
    "svv_default_privileges",
    `
    schema_name text = s.name
    object_type text = 'RELATION'
    owner_id integer = penstock_catalog.user_oid(split_part(g.privilege, ':', 1))
    owner_name text = split_part(g.privilege, ':', 1)
    owner_type text = 'user'
    privilege_type text = upper(split_part(g.privilege, ':', 2))
    grantee_id integer = penstock_catalog.user_oid(g.grantee)
    grantee_name text = g.grantee
    grantee_type text = g.grantee_type
    admin_option boolean = ${GRANTABLE}
    `,
    `penstock_catalog.grants AS g LEFT JOIN penstock_catalog.schemas AS s ON s.oid = g.object_oid WHERE g.object_type = 'new tables in' AND ${PLAIN}`,
  ),
  relation(
    "svv_system_privileges",
    "system_privilege text, identity_id integer, identity_name text, identity_type text",
  ),
  relation(
    "svv_user_info",
    `
    user_name text = u.name
    user_id integer = u.oid
    createdb boolean = penstock_catalog.is_superuser(u.name)
    superuser boolean = penstock_catalog.is_superuser(u.name)
    catalog_update boolean = u.oid = 1
    connection_limit text = 'UNLIMITED'
    syslog_access text = 'UNRESTRICTED'
    last_ddl_timestamp timestamp
    session_timeout integer = 0
    external_user_id text
    `,
    "penstock_catalog.all_users AS u",
  ),
  relation(
    "svl_user_info",
    `
    usename name = u.name
    usesysid integer = u.oid
    usecreatedb boolean = penstock_catalog.is_superuser(u.name)
    usesuper boolean = penstock_catalog.is_superuser(u.name)
    usecatupd boolean = u.oid = 1
    useconnlimit text = 'UNLIMITED'
    syslogaccess text = 'UNRESTRICTED'
    last_ddl_ts timestamp
    sessiontimeout integer = 0
    external_user_id text
    `,
    "penstock_catalog.all_users AS u",
  ),
  relation(
    "svv_roles",
    `
    role_id integer = r.oid
    role_name text = r.name
    role_owner text = 'penstock'
    external_id text
    `,
    "penstock_catalog.roles AS r WHERE r.kind = 'role'",
  ),
  relation(
    "svv_user_grants",
    `
    user_id integer = penstock_catalog.user_oid(g.grantee)
    user_name text = g.grantee
    role_id integer = r.oid
    role_name text = r.name
    admin_option boolean = ${GRANTABLE}
    `,
    `penstock_catalog.grants AS g JOIN penstock_catalog.roles AS r ON r.oid = g.object_oid WHERE g.object_type = 'role' AND g.grantee_type = 'user' AND ${PLAIN}`,
  ),
  relation(
    "svv_role_grants",
    `
    role_id integer = m.oid
    role_name text = m.name
    granted_role_id integer = r.oid
    granted_role_name text = r.name
    `,
    `penstock_catalog.grants AS g JOIN penstock_catalog.roles AS r ON r.oid = g.object_oid JOIN penstock_catalog.roles AS m ON m.kind = 'role' AND m.name = g.grantee
     WHERE g.object_type = 'role' AND g.grantee_type = 'role' AND ${PLAIN}`,
  ),
  relation(
    "svv_identity_providers",
    "uid integer, name text, type text, instanceid text, namespc text, params text, enabled boolean",
  ),
  relation(
    "svv_datashares",
    `
    share_name varchar(16), share_id integer, share_owner integer, source_database varchar(16), consumer_database varchar(16), share_type varchar(8)
    createdate timestamp, is_publicaccessible boolean, share_acl varchar(256), producer_account varchar(16), producer_namespace varchar(64), managed_by varchar(64)
    `,
  ),
  relation(
    "svv_datashare_objects",
    "share_type varchar(8), share_name varchar(16), object_type varchar(64), object_name varchar(512), producer_account varchar(12), producer_namespace varchar(64), include_new boolean",
  ),
  relation(
    "svv_datashare_consumers",
    "share_name varchar(16), consumer_account varchar(16), consumer_namespace varchar(64), share_date timestamp, consumer_region varchar(64)",
  ),
  relation(
    "svv_alter_table_recommendations",
    "type varchar(16), database varchar(128), table_id integer, group_id integer, ddl text, auto_eligible char(1)",
  ),
  relation(
    "svv_interleaved_columns",
    "tbl integer, col integer, interleaved_skew numeric(19, 2), last_reindex timestamp",
  ),
  relation(
    "svv_ml_model_info",
    "schema_name char(128), user_name char(128), model_name char(128), life_cycle char(20), is_refreshable integer, model_state char(128)",
  ),
  relation(
    "svv_transactions",
    `
    txn_owner text = t.user_name
    txn_db text = ${DATABASE}
    xid bigint = t.transaction_id
    pid integer = t.process_id
    txn_start timestamp = t.started_at
    lock_mode text = 'ExclusiveLock'
    lockable_object_type text = 'transactionid'
    relation integer
    granted boolean = TRUE
    `,
    "penstock_catalog.queries AS t WHERE t.state = 'running'",
  ),
  relation("svv_vacuum_progress", "table_name text, status text, time_remaining_estimate text"),
  relation(
    "svv_vacuum_summary",
    "table_name text, xid bigint, sort_partitions bigint, merge_increments bigint, elapsed_time bigint, row_delta bigint, sortedrow_delta bigint, block_delta integer, max_merge_partitions integer",
  ),
  relation(
    "svv_diskusage",
    `
    db_id integer, name char(72), slice integer, col integer, tbl integer, blocknum integer, num_values integer, minvalue bigint, maxvalue bigint, sb_pos integer
    pinned integer, on_disk integer, modified integer, hdr_modified integer, unsorted integer, tombstone integer, preferred_diskno integer, temporary integer, newblock integer
    `,
  ),
  relation(
    "svv_query_state",
    `
    userid integer, query integer, seg integer, step integer, maxtime bigint, avgtime bigint, rows bigint, bytes bigint, cpu bigint, memory bigint
    rate_row double, rate_byte double, label char(25), is_diskbased char(1), workmem bigint, num_parts integer, is_rrscan char(1), is_delayed_scan char(1)
    `,
  ),
  relation(
    "svv_query_inflight",
    `
    userid integer = penstock_catalog.user_oid(q.user_name)
    slice integer = 0
    query integer = q.id
    pid integer = q.process_id
    starttime timestamp = q.started_at
    suspended integer = 0
    text char(200) = p.text
    sequence integer = p.sequence
    `,
    "penstock_catalog.queries AS q JOIN penstock_catalog.query_parts AS p ON p.id = q.id WHERE q.state = 'running'",
  ),
] as const;
