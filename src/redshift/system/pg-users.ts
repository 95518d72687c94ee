/** pg_catalog: the database, its users and its functions. */
import { DATABASE_OID, OWNER_OID } from "./fixed.js";
import { relation } from "./relation.js";

export const PG_USERS = [
  relation(
    "pg_database",
    `
    ~oid oid = ${DATABASE_OID}
    ~tableoid oid = 1262
    datname name = 'penstock'
    datdba integer = ${OWNER_OID}
    encoding integer = 6
    datistemplate boolean = FALSE
    datallowconn boolean = TRUE
    datlastsysoid oid = 16383
    datvacuumxid xid = 0
    datfrozenxid xid = 0
    dattablespace oid = 1663
    datconfig text[]
    datacl text[]
    ~datcollate name = 'C'
    ~datctype name = 'C'
    ~datconnlimit integer = -1
    ~datlocprovider char1 = 'c'
    `,
    "(SELECT 1) AS one",
  ),
  relation(
    "pg_user",
    `
    usename name = u.name
    usesysid integer = u.oid
    usecreatedb boolean = penstock_catalog.is_superuser(u.name)
    usesuper boolean = penstock_catalog.is_superuser(u.name)
    usecatupd boolean = u.oid = 1
    passwd text = '********'
    valuntil timestamp
    useconfig text[]
    `,
    "penstock_catalog.all_users AS u",
  ),
  relation(
    "pg_user_info",
    `
    usename name = u.name
    usesysid integer = u.oid
    usecreatedb boolean = penstock_catalog.is_superuser(u.name)
    usesuper boolean = penstock_catalog.is_superuser(u.name)
    usecatupd boolean = u.oid = 1
    passwd text = '********'
    valuntil timestamp
    useconfig text[]
    useconnlimit text = 'UNLIMITED'
    syslogaccess text = 'UNRESTRICTED'
    external_user_id varchar(256)
    `,
    "penstock_catalog.all_users AS u",
  ),
  relation(
    "pg_shadow",
    `
    usename name = u.name
    usesysid integer = u.oid
    usecreatedb boolean = penstock_catalog.is_superuser(u.name)
    usesuper boolean = penstock_catalog.is_superuser(u.name)
    usecatupd boolean = u.oid = 1
    passwd text
    valuntil timestamp
    useconfig text[]
    `,
    "penstock_catalog.all_users AS u",
  ),
  relation(
    "pg_group",
    `
    groname name = g.name
    grosysid integer = g.oid
    grolist integer[] = coalesce((SELECT list(penstock_catalog.user_oid(m.grantee) ORDER BY m.grantee) FROM penstock_catalog.grants AS m WHERE m.object_type = 'group' AND m.object_oid = g.oid), CAST([] AS INTEGER[]))
    `,
    "penstock_catalog.roles AS g WHERE g.kind = 'group'",
  ),
  // Not Redshift's: newer clients of PostgreSQL ask for it.
  relation(
    "pg_roles",
    `
    rolname name = u.name
    rolsuper boolean = u.login AND penstock_catalog.is_superuser(u.name)
    rolinherit boolean = TRUE
    rolcreaterole boolean = u.login AND penstock_catalog.is_superuser(u.name)
    rolcreatedb boolean = penstock_catalog.is_superuser(u.name)
    rolcanlogin boolean = u.login
    rolreplication boolean = FALSE
    rolconnlimit integer = -1
    rolpassword text = '********'
    rolvaliduntil timestamptz
    rolbypassrls boolean = u.login AND penstock_catalog.is_superuser(u.name)
    rolconfig text[]
    oid oid = u.oid
    `,
    "(SELECT oid, name, TRUE AS login FROM penstock_catalog.all_users UNION ALL SELECT oid, name, FALSE FROM penstock_catalog.roles WHERE kind <> 'user') AS u",
  ),
  relation("pg_auth_members", "roleid oid, member oid, grantor oid, admin_option boolean"),
  relation(
    "pg_proc",
    `
    ~oid oid = f.oid
    ~tableoid oid = 1255
    proname name = f.name
    pronamespace oid = f.schema_oid
    proowner integer = f.owner_oid
    prolang oid = f.language_oid
    proisagg boolean = f.kind = 'aggregate'
    prosecdef boolean = FALSE
    proisstrict boolean = TRUE
    proretset boolean = FALSE
    provolatile char1 = f.volatility
    pronargs smallint = f.arguments
    prorettype oid = f.result_oid
    proargtypes oidvector = f.argument_oids
    proargnames text[]
    prosrc text = f.source
    probin text
    proacl text[]
    ~prokind char1 = CASE f.kind WHEN 'aggregate' THEN 'a' WHEN 'window' THEN 'w' ELSE 'f' END
    ~proiswindow boolean = f.kind = 'window'
    ~proargmodes text[]
    ~proallargtypes oid[]
    ~prodefaults text
    ~provariadic oid = 0
    `,
    "penstock_catalog.all_functions AS f",
  ),
  relation(
    "pg_proc_info",
    `
    prooid oid = f.oid
    proname name = f.name
    pronamespace oid = f.schema_oid
    proowner integer = f.owner_oid
    prolang oid = f.language_oid
    proisagg boolean = f.kind = 'aggregate'
    prosecdef boolean = FALSE
    proisstrict boolean = TRUE
    proretset boolean = FALSE
    provolatile char1 = f.volatility
    proparallel char1 = 'u'
    pronargs smallint = f.arguments
    prorettype oid = f.result_oid
    proargtypes oidvector = f.argument_oids
    proargnames text[]
    prosrc text = f.source
    probin text
    proacl text[]
    prokind char1 = CASE f.kind WHEN 'aggregate' THEN 'a' WHEN 'window' THEN 'w' ELSE 'f' END
    proallargtypes oid[]
    proargmodes text[]
    `,
    "penstock_catalog.all_functions AS f",
  ),
] as const;
