/** pg_catalog: what stays the same, and what Redshift has and Penstock never fills. Columns as PostgreSQL 8.0 has them. */
import { relation } from "./relation.js";

export const PG_MORE = [
  relation(
    "pg_am",
    `
    ~oid oid = 403
    amname name = 'btree'
    amowner integer = 1
    amstrategies smallint = 5
    amsupport smallint = 1
    amorderstrategy smallint = 1
    amcanunique boolean = TRUE
    amcanmulticol boolean = TRUE
    amindexnulls boolean = TRUE
    amconcurrent boolean = TRUE
    ~amhandler regproc = '-'
    ~amtype char1 = 'i'
    ~amcanorder boolean = TRUE
    `,
    "(SELECT 1) AS one",
  ),
  relation(
    "pg_language",
    `
    ~oid oid = l.oid
    ~tableoid oid = 2612
    lanname name = l.name
    lanispl boolean = FALSE
    lanpltrusted boolean = l.trusted
    lanplcallfoid oid = 0
    lanvalidator oid = 0
    lanacl text[]
    ~lanowner integer = 1
    `,
    "(VALUES (12, 'internal', FALSE), (14, 'sql', TRUE)) AS l(oid, name, trusted)",
  ),
  relation(
    "pg_tablespace",
    `
    ~oid oid = t.oid
    spcname name = t.name
    spcowner integer = 1
    spclocation text = ''
    spcacl text[]
    ~spcoptions text[]
    `,
    "(VALUES (1663, 'pg_default'), (1664, 'pg_global')) AS t(oid, name)",
  ),
  relation(
    "pg_collation",
    `
    oid oid = 100
    collname name = 'default'
    collnamespace oid = 11
    collowner integer = 1
    collencoding integer = -1
    collcollate name = 'C'
    collctype name = 'C'
    collprovider char1 = 'd'
    collisdeterministic boolean = TRUE
    `,
    "(SELECT 1) AS one",
  ),
  relation(
    "pg_encoding",
    `
    encoding integer = 6
    name name = 'UTF8'
    `,
    "(SELECT 1) AS one",
  ),
  relation(
    "pg_settings",
    `
    name text = s.name
    setting text = s.setting
    category text = 'Session'
    short_desc text = ''
    extra_desc text
    context text = 'user'
    vartype text = 'string'
    source text = 'session'
    min_val text
    max_val text
    ~unit text
    ~enumvals text[]
    ~boot_val text = s.setting
    ~reset_val text = s.setting
    ~pending_restart boolean = FALSE
    `,
    "penstock_catalog.session_settings AS s",
  ),
  relation(
    "pg_aggregate",
    "aggfnoid regproc, aggtransfn regproc, aggfinalfn regproc, aggtranstype oid, agginitval text",
  ),
  relation(
    "pg_operator",
    `
    ~oid oid
    oprname name, oprnamespace oid, oprowner integer, oprkind char1, oprcanhash boolean, oprleft oid, oprright oid, oprresult oid, oprcom oid, oprnegate oid
    oprlsortop oid, oprrsortop oid, oprltcmpop oid, oprgtcmpop oid, oprcode regproc, oprrest regproc, oprjoin regproc
    `,
  ),
  relation(
    "pg_opclass",
    `
    ~oid oid
    opcamid oid, opcname name, opcnamespace oid, opcowner integer, opcintype oid, opcdefault boolean, opckeytype oid
    `,
  ),
  relation("pg_amop", "amopclaid oid, amopsubtype oid, amopstrategy smallint, amopreqcheck boolean, amopopr oid"),
  relation("pg_amproc", "amopclaid oid, amprocsubtype oid, amprocnum smallint, amproc regproc"),
  relation("pg_cast", "~oid oid, castsource oid, casttarget oid, castfunc oid, castcontext char1, ~castmethod char1"),
  relation(
    "pg_conversion",
    `
    ~oid oid
    conname name, connamespace oid, conowner integer, conforencoding integer, contoencoding integer, conproc regproc, condefault boolean
    `,
  ),
  relation("pg_inherits", "inhrelid oid, inhparent oid, inhseqno integer, ~inhdetachpending boolean"),
  relation(
    "pg_trigger",
    `
    ~oid oid
    tgrelid oid, tgname name, tgfoid oid, tgtype smallint, tgenabled char1, tgisconstraint boolean, tgconstrname name, tgconstrrelid oid
    tgdeferrable boolean, tginitdeferred boolean, tgnargs smallint, tgattr smallint[], tgargs text
    ~tgisinternal boolean, ~tgconstraint oid, ~tgparentid oid
    `,
  ),
  relation("pg_rules", "schemaname name, tablename name, rulename name, definition text"),
  relation("pg_indexes", "schemaname name, tablename name, indexname name, tablespace name, indexdef text"),
  relation("pg_shdepend", "dbid oid, classid oid, objid oid, refclassid oid, refobjid oid, deptype char1"),
  relation("pg_shdescription", "objoid oid, classoid oid, description text"),
  relation(
    "pg_statistic",
    `
    starelid oid, staattnum smallint, stanullfrac real, stawidth integer, stadistinct real, stakind1 smallint, stakind2 smallint, staop1 oid, staop2 oid
    `,
  ),
  relation("pg_statistic_indicator", "stairelid oid, stairows bigint, staiins bigint, staidels bigint"),
  relation(
    "pg_stats",
    `
    schemaname name, tablename name, attname name, null_frac real, avg_width integer, n_distinct real, most_common_vals text[], most_common_freqs real[]
    histogram_bounds text[], correlation real
    `,
  ),
  relation(
    "pg_stat_activity",
    `
    datid oid = 100001
    datname name = 'penstock'
    procpid integer = s.process_id
    usesysid integer = penstock_catalog.user_oid(s.user_name)
    usename name = s.user_name
    current_query text = coalesce(CASE WHEN s.state = 'active' THEN s.query_text END, '<IDLE>')
    query_start timestamptz = s.started_at
    ~pid integer = s.process_id
    ~application_name text = s.application_name
    ~client_addr text = s.remote
    ~state text = CASE s.state WHEN 'active' THEN 'active' WHEN 'idle' THEN 'idle' ELSE 'idle in transaction' END
    ~query text = coalesce(s.query_text, '')
    ~backend_start timestamptz = s.started_at
    ~xact_start timestamptz
    ~state_change timestamptz
    ~wait_event text
    ~wait_event_type text
    ~backend_type text = 'client backend'
    `,
    "penstock_catalog.sessions AS s",
  ),
  relation(
    "pg_locks",
    `
    relation oid, database oid, transaction xid, pid integer, mode text, granted boolean
    ~locktype text, ~virtualtransaction text, ~transactionid xid
    `,
  ),
  relation(
    "pg_stat_all_tables",
    `
    relid oid, schemaname name, relname name, seq_scan bigint, seq_tup_read bigint, idx_scan bigint, idx_tup_fetch bigint, n_tup_ins bigint, n_tup_upd bigint
    n_tup_del bigint
    `,
  ),
  relation(
    "pg_stat_user_tables",
    `
    relid oid, schemaname name, relname name, seq_scan bigint, seq_tup_read bigint, idx_scan bigint, idx_tup_fetch bigint, n_tup_ins bigint, n_tup_upd bigint
    n_tup_del bigint, ~n_live_tup bigint, ~n_dead_tup bigint, ~last_vacuum timestamptz, ~last_analyze timestamptz
    `,
  ),
  relation("pg_enum", "oid oid, enumtypid oid, enumsortorder real, enumlabel name"),
  relation("pg_range", "rngtypid oid, rngsubtype oid, rngmultitypid oid, rngcollation oid"),
  relation(
    "pg_extension",
    "oid oid, extname name, extowner oid, extnamespace oid, extrelocatable boolean, extversion text",
  ),
  relation(
    "pg_sequence",
    "seqrelid oid, seqtypid oid, seqstart bigint, seqincrement bigint, seqmax bigint, seqmin bigint, seqcache bigint, seqcycle boolean",
  ),
  relation(
    "pg_policy",
    "oid oid, polname name, polrelid oid, polcmd char1, polpermissive boolean, polroles oid[], polqual text, polwithcheck text",
  ),
  relation("pg_publication", "oid oid, pubname name, pubowner oid, puballtables boolean"),
  relation("pg_publication_rel", "oid oid, prpubid oid, prrelid oid"),
  relation("pg_foreign_table", "ftrelid oid, ftserver oid, ftoptions text[]"),
  relation("pg_foreign_server", "oid oid, srvname name, srvowner oid, srvfdw oid, srvtype text, srvoptions text[]"),
  relation("pg_statistic_ext", "oid oid, stxrelid oid, stxname name, stxnamespace oid, stxkeys smallint[]"),
  relation("pg_partitioned_table", "partrelid oid, partstrat char1, partnatts smallint, partattrs smallint[]"),
  relation("pg_event_trigger", "oid oid, evtname name, evtevent name, evtowner oid, evtenabled char1"),
  // PostgreSQL's, of which there is nothing here: its clients ask all the same.
  relation("pg_db_role_setting", "setdatabase oid, setrole oid, setconfig text[]"),
  relation(
    "pg_foreign_data_wrapper",
    "oid oid, fdwname name, fdwowner oid, fdwhandler oid, fdwvalidator oid, fdwacl text[], fdwoptions text[]",
  ),
  relation("pg_user_mapping", "oid oid, umuser oid, umserver oid, umoptions text[]"),
  relation("pg_user_mappings", "umid oid, srvid oid, srvname name, umuser oid, usename name, umoptions text[]"),
  relation("pg_ts_config", "oid oid, cfgname name, cfgnamespace oid, cfgowner oid, cfgparser oid"),
  relation("pg_ts_parser", "oid oid, prsname name, prsnamespace oid"),
  relation(
    "pg_ts_dict",
    "oid oid, dictname name, dictnamespace oid, dictowner oid, dicttemplate oid, dictinitoption text",
  ),
  relation("pg_ts_template", "oid oid, tmplname name, tmplnamespace oid"),
  relation("pg_largeobject_metadata", "oid oid, lomowner oid, lomacl text[]"),
  relation(
    "pg_default_acl",
    "~oid oid, ~defaclrole oid, defacluser integer, defaclnamespace oid, defaclobjtype char1, defaclacl text[]",
  ),
  relation(
    "pg_external_schema",
    `
    esoid oid = s.oid
    eskind smallint = CASE WHEN s.external_from ILIKE '%kinesis%' THEN 5 ELSE 1 END
    esdbname text = s.external_options ->> 'database'
    esoptions text = s.external_options
    `,
    "temp.penstock_schemas AS s WHERE s.external_from IS NOT NULL",
  ),
  relation("pg_conf", "key text, value text"),
  relation("pg_udf_info", "prooid oid, proname name, pronamespace oid, proowner integer, prolang oid, prosrc text"),
] as const;
