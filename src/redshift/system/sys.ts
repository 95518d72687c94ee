/** SYS_ views: statements, sessions, loads and unloads. Columns as Redshift documents them. */
import { DATABASE, LOADS, MICROSECONDS, PARTS, QUERIES, QUERY_TYPE, USER } from "./log-parts.js";
import { relation } from "./relation.js";

export const SYS = [
  relation(
    "sys_query_history",
    `
    user_id integer = ${USER("q")}
    query_id bigint = q.id
    query_label char(320) = q.query_group
    transaction_id bigint = q.transaction_id
    session_id integer = q.process_id
    database_name char(128) = ${DATABASE}
    query_type char(32) = ${QUERY_TYPE}
    status char(10) = q.state
    result_cache_hit boolean = FALSE
    start_time timestamp = q.started_at
    end_time timestamp = q.ended_at
    elapsed_time bigint = coalesce(q.duration_us, 0)
    queue_time bigint = 0
    execution_time bigint = coalesce(q.duration_us, 0)
    error_message char(512) = q.error
    returned_rows bigint = q.rows
    returned_bytes bigint = 0
    query_text char(4000) = left(q.sql, 4000)
    redshift_version char(256) = '1.0.0'
    usage_limit char(150)
    compute_type varchar(32) = 'primary'
    compile_time bigint = 0
    planning_time bigint = 0
    lock_wait_time bigint = 0
    service_class_id integer = 100
    service_class_name char(64) = 'Default queue'
    query_priority char(20) = 'normal'
    short_query_accelerated char(10) = 'false'
    user_query_hash char(40) = md5(q.sql)
    generic_query_hash char(40) = md5(regexp_replace(lower(q.sql), '''[^'']*''|\\d+', '?', 'g'))
    query_hash_version integer = 1
    result_cache_query_id bigint
    `,
    QUERIES,
  ),
  relation(
    "sys_query_text",
    `
    user_id integer = ${USER("q")}
    query_id bigint = q.id
    transaction_id bigint = q.transaction_id
    session_id integer = q.process_id
    start_time timestamp = q.started_at
    sequence integer = p.sequence
    text char(200) = p.text
    `,
    PARTS,
  ),
  relation(
    "sys_query_detail",
    `
    user_id integer = ${USER("q")}
    query_id bigint = q.id
    child_query_sequence integer = 1
    stream_id integer = 0
    segment_id integer = 0
    step_id integer = q.step
    step_name text = 'scan'
    table_id integer = q.oid
    table_name char(136) = ${DATABASE} || '.' || q.schema || '.' || q.name
    is_rrscan char(1) = 'f'
    start_time timestamp = q.started_at
    end_time timestamp = q.ended_at
    duration bigint = coalesce(q.duration_us, 0)
    alert text = ''
    input_bytes bigint = 0
    input_rows bigint = 0
    output_bytes bigint = 0
    output_rows bigint = q.rows
    blocks_read bigint = 0
    blocks_write bigint = 0
    local_read_io bigint = 0
    remote_read_io bigint = 0
    source text = ''
    data_skewness integer = 0
    time_skewness integer = 0
    is_active char(1) = CASE q.state WHEN 'running' THEN 't' ELSE 'f' END
    spilled_block_local_disk bigint = 0
    spilled_block_remote_disk bigint = 0
    step_attribute char(64)
    `,
    "(SELECT q.*, unnest(q.relations, recursive := TRUE), generate_subscripts(q.relations, 1) AS step FROM penstock_catalog.queries AS q) AS q",
  ),
  relation(
    "sys_session_history",
    `
    user_id char(50) = ${USER("s")}
    session_id integer = s.process_id
    database_name char(50) = ${DATABASE}
    status char(10) = 'active'
    session_timeout integer = 0
    start_time timestamp = CAST(s.started_at AS TIMESTAMP)
    end_time timestamp
    `,
    "penstock_catalog.sessions AS s",
  ),
  relation(
    "sys_connection_log",
    `
    event char(50) = 'initiating session'
    record_time timestamp = CAST(s.started_at AS TIMESTAMP)
    remote_address char(32) = regexp_extract(s.remote, '^(.*?)(:\\d+)?$', 1)
    remote_port char(32) = regexp_extract(s.remote, ':(\\d+)$', 1)
    session_id integer = s.process_id
    database_name char(50) = ${DATABASE}
    user_name char(50) = s.user_name
    auth_method char(32) = 'Trust'
    duration integer = 0
    ssl_version char(50), ssl_cipher char(128), mtu integer, ssl_compression char(64), ssl_expansion char(64), iam_auth_guid char(36)
    application_name char(250) = s.application_name
    os_version char(64), driver_version char(64), plugin_name char(32), protocol_version integer, global_session_id char(36)
    `,
    "penstock_catalog.sessions AS s",
  ),
  relation(
    "sys_load_history",
    `
    user_id integer = ${USER("h")}
    query_id bigint = h.query_id
    transaction_id bigint = h.transaction_id
    session_id integer = h.process_id
    database_name text = h.database_name
    status text = CASE h.status WHEN 'failed' THEN 'aborted' ELSE h.status END
    table_name text = h.table_name
    start_time timestamp = h.started_at
    end_time timestamp = h.ended_at
    duration bigint = ${MICROSECONDS}
    data_source text = h.source
    file_format text = h.format
    loaded_rows bigint = h.rows_loaded
    loaded_bytes bigint = CASE h.status WHEN 'failed' THEN 0 ELSE coalesce(d.bytes, 0) END
    source_file_count integer = coalesce(d.files, 0)
    source_file_bytes bigint = coalesce(d.bytes, 0)
    file_count_scanned integer = coalesce(d.files, 0)
    file_bytes_scanned bigint = coalesce(d.bytes, 0)
    error_count bigint = coalesce(e.errors, 0)
    copy_job_id bigint = j.job_id
    `,
    `${LOADS} LEFT JOIN (SELECT query_id, started_at, count(*) AS files, sum(size_bytes) AS bytes FROM penstock_catalog.load_detail GROUP BY ALL) AS d
       ON d.query_id = h.query_id AND d.started_at = h.started_at
     LEFT JOIN (SELECT query_id, started_at, count(*) AS errors FROM penstock_catalog.load_errors GROUP BY ALL) AS e ON e.query_id = h.query_id AND e.started_at = h.started_at
     LEFT JOIN penstock_catalog.copy_jobs AS j ON j.name = h.copy_job`,
  ),
  relation(
    "sys_load_detail",
    `
    user_id integer = ${USER("h")}
    query_id bigint = h.query_id
    file_name char(256) = d.url
    bytes_scanned bigint = d.size_bytes
    lines_scanned bigint = d.rows_read
    splits_scanned integer = 1
    record_time timestamp = h.ended_at
    start_time timestamp = h.started_at
    end_time timestamp = h.ended_at
    `,
    `${LOADS} JOIN penstock_catalog.load_detail AS d ON d.query_id = h.query_id AND d.started_at = h.started_at`,
  ),
  relation(
    "sys_load_error_detail",
    `
    user_id integer = ${USER("h")}
    query_id bigint = h.query_id
    transaction_id bigint = h.transaction_id
    session_id integer = h.process_id
    database_name char(64) = h.database_name
    table_id integer = h.table_oid
    start_time timestamp = h.started_at
    file_name char(256) = e.url
    line_number bigint = e.line
    column_name char(127) = e.column_name
    column_type char(10) = e.column_type
    column_length char(10) = e.column_length
    position integer = e.position
    error_code integer = e.code
    error_message char(512) = e.reason
    `,
    `${LOADS} JOIN penstock_catalog.load_errors AS e ON e.query_id = h.query_id AND e.started_at = h.started_at`,
  ),
  relation(
    "sys_unload_history",
    `
    user_id integer = ${USER("h")}
    query_id bigint = h.query_id
    transaction_id bigint = h.transaction_id
    session_id integer = h.process_id
    database_name text = h.database_name
    status text = 'completed'
    start_time timestamp = h.started_at
    end_time timestamp = h.ended_at
    duration bigint = ${MICROSECONDS}
    file_format char(10) = CASE h.format WHEN 'text' THEN 'Text' WHEN 'parquet' THEN 'Parquet' ELSE upper(h.format) END
    compression_type char(10) = h.compression
    unloaded_location text = h.target
    unloaded_rows bigint = h.rows
    unloaded_files_count bigint = coalesce(d.files, 0)
    unloaded_files_size bigint = coalesce(d.bytes, 0)
    error_message char(512)
    `,
    `penstock_catalog.seen_unload_history AS h LEFT JOIN (SELECT query_id, started_at, count(*) AS files, sum(size_bytes) AS bytes
       FROM penstock_catalog.unload_detail GROUP BY ALL) AS d ON d.query_id = h.query_id AND d.started_at = h.started_at`,
  ),
  relation(
    "sys_unload_detail",
    `
    user_id integer = ${USER("h")}
    query_id integer = h.query_id
    session_id integer = h.process_id
    transaction_id bigint = h.transaction_id
    file_name char(1280) = d.url
    start_time timestamp = h.started_at
    end_time timestamp = h.ended_at
    line_count bigint = d.rows
    transfer_size bigint = d.size_bytes
    file_format char(10) = CASE h.format WHEN 'text' THEN 'Text' WHEN 'parquet' THEN 'Parquet' ELSE upper(h.format) END
    `,
    "penstock_catalog.seen_unload_history AS h JOIN penstock_catalog.unload_detail AS d ON d.query_id = h.query_id AND d.started_at = h.started_at",
  ),
  relation(
    "sys_copy_job",
    `
    job_id bigint = j.job_id
    job_name char(128) = j.name
    iam_role char(128) = regexp_extract(j.query_text, '(?i)iam_role\\s+''([^'']*)''', 1)
    job_text char(256) = left(j.query_text, 256)
    is_auto integer = CASE WHEN j.auto THEN 1 ELSE 0 END
    on_error_suspend integer = 0
    `,
    "penstock_catalog.copy_jobs AS j",
  ),
  relation(
    "sys_copy_job_detail",
    `
    user_id integer = ${USER("j")}
    database_name text = j.database_name
    job_id integer = j.job_id
    job_name text = j.name
    file_location text = regexp_extract(f.url, '^s3://([^/]*)/', 1)
    file_name text = regexp_replace(f.url, '^s3://[^/]*/', '')
    file_size bigint = f.size_bytes
    file_etag text
    job_text char(256) = left(j.query_text, 256)
    modification_time timestamp = f.seen_at
    enqueue_time timestamp = f.seen_at
    status char(16) = CASE f.status WHEN 'loaded' THEN 'Ingested' WHEN 'pending' THEN 'Pending' WHEN 'failed' THEN 'Error' ELSE 'Unknown' END
    `,
    "penstock_catalog.copy_jobs AS j JOIN penstock_catalog.copy_job_files AS f ON f.job_id = j.job_id",
  ),
  relation(
    "sys_copy_job_info",
    "job_id bigint, job_name char(128), database_name char(128), record_time timestamp, message char(512)",
  ),
  relation(
    "sys_transaction_history",
    `
    user_id integer = ${USER("q")}
    transaction_id bigint = q.transaction_id
    isolation_level char(20) = 'SERIALIZABLE'
    status char(64) = CASE q.state WHEN 'running' THEN 'active' WHEN 'success' THEN 'committed' ELSE 'rolled back' END
    transaction_start_time timestamp = q.started_at
    commit_start_time timestamp = q.ended_at
    commit_end_time timestamp = q.ended_at
    blocks_committed integer = 0
    undo_start_time timestamp
    undo_end_time timestamp
    `,
    QUERIES,
  ),
  relation(
    "sys_mv_refresh_history",
    `
    user_id integer, session_user_id integer, transaction_id bigint, database_name char(128), schema_name char(128), mv_name char(128), refresh_type char(32), status text
    start_time timestamp, end_time timestamp, duration bigint
    `,
  ),
  relation(
    "sys_mv_state",
    "user_id bigint, transaction_id bigint, database_name char(128), event_desc char(500), start_time timestamp, base_table_database_name char(128), base_table_schema char(128), base_table_name char(128), mv_schema char(128), mv_name char(128), state char(32)",
  ),
  relation(
    "sys_external_query_detail",
    `
    user_id integer, query_id bigint, child_query_sequence integer, transaction_id bigint, segment_id integer, source_type char(32), start_time timestamp, end_time timestamp
    duration bigint, total_partitions integer, qualified_partitions integer, scanned_files bigint, returned_rows bigint, returned_bytes bigint, file_format text
    file_location text, external_query_text text, warning_message char(4000), table_name char(136), is_recursive char(1), is_nested char(1), s3list_time bigint
    get_partition_time bigint
    `,
  ),
  relation(
    "sys_external_query_error",
    "user_id integer, query_id bigint, file_location char(256), rowid char(2100), column_name char(2100), original_value char(1024), modified_value char(1024), trigger char(127), action char(127), action_value char(127), error_code integer",
  ),
  relation(
    "sys_vacuum_history",
    `
    user_id integer, transaction_id bigint, query_id bigint, database_name text, schema_name text, table_name text, table_id integer, vacuum_type char(64), is_automatic char(1)
    status text, start_time timestamp, end_time timestamp, record_time timestamp, duration bigint, rows_before_vacuum bigint, size_before_vacuum bigint
    reclaimable_rows bigint, reclaimed_rows bigint, reclaimed_blocks bigint, sorted_rows_before_vacuum bigint, sorted_rows_after_vacuum bigint
    `,
  ),
  relation(
    "sys_analyze_history",
    "user_id integer, transaction_id bigint, query_id bigint, database_name char(30), schema_name char(30), table_name char(30), table_id integer, is_automatic char(1), is_background char(1), status char(15), start_time timestamp, end_time timestamp, rows double, modified_rows integer, analyze_threshold_percent integer, last_analyze_time timestamp",
  ),
  relation(
    "sys_auto_table_optimization",
    "table_id integer, alter_table_type char(64), status char(64), start_time timestamp, alter_from char(128)",
  ),
  relation(
    "sys_serverless_usage",
    "start_time timestamp, end_time timestamp, compute_seconds double, compute_capacity double, data_storage integer, cross_region_transferred_data integer, charged_seconds integer",
  ),
  relation(
    "sys_procedure_call",
    "session_user_id integer, query_id bigint, query_text char(4000), start_time timestamp, end_time timestamp, status char(10), caller_procedure_query_id bigint",
  ),
  relation(
    "sys_procedure_messages",
    "query_id bigint, session_user_id integer, transaction_id bigint, session_id integer, record_time timestamp, log_level char(10), message char(1024), line_number integer",
  ),
  relation(
    "sys_userlog",
    "user_id integer, user_name char(50), original_user_name char(50), action char(10), has_create_db_privs integer, is_superuser integer, has_update_catalog_privs integer, password_expiration timestamp, session_id integer, transaction_id bigint, record_time timestamp",
  ),
  relation(
    "sys_stream_scan_states",
    "external_schema_name char(128), stream_name char(128), mv_name char(128), transaction_id bigint, query_id bigint, record_time timestamp, partition_id char(128), latest_position char(128), scanned_rows bigint, skipped_rows bigint, scanned_bytes bigint, stream_record_time_min timestamp, stream_record_time_max timestamp",
  ),
  relation(
    "sys_stream_scan_errors",
    "external_schema_name char(128), stream_name char(128), mv_name char(128), transaction_id bigint, query_id bigint, record_time timestamp, partition_id char(128), position char(128), error_code integer, error_reason char(128)",
  ),
  relation(
    "sys_query_explain",
    "user_id integer, query_id bigint, child_query_sequence integer, plan_node_id integer, plan_parent_id integer, plan_node text, plan_info text",
  ),
  relation(
    "sys_restore_state",
    "user_id integer, database_name text, schema_name text, table_name text, table_id integer, redistribution_status char(32), percentage_complete double",
  ),
  relation(
    "sys_datashare_usage_consumer",
    "user_id integer, session_id integer, transaction_id char(256), request_id char(50), request_type char(25), transaction_uid char(50), record_time timestamp, status integer, error_message char(512)",
  ),
] as const;
