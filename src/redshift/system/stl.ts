/** STL_ views, the logs. Columns as Redshift documents them; what Penstock has no facts for stays empty. */
import { ABORTED, DATABASE, IS_DDL, IS_QUERY, LOADS, MICROSECONDS, PARTS, QUERIES, USER } from "./log-parts.js";
import { relation } from "./relation.js";

export const STL = [
  relation(
    "stl_load_errors",
    `
    userid integer = ${USER("h")}
    slice integer = 0
    tbl integer = h.table_oid
    starttime timestamp = h.started_at
    session integer = h.process_id
    query integer = h.query_id
    filename char(256) = e.url
    line_number bigint = e.line
    colname char(127) = e.column_name
    type char(10) = e.column_type
    col_length char(10) = e.column_length
    position integer = e.position
    raw_line char(1024) = e.raw_line
    raw_field_value char(1024) = e.raw_field
    err_code integer = e.code
    err_reason char(100) = left(e.reason, 100)
    is_partial integer = 0
    start_offset bigint = coalesce(e.start_byte, 0)
    copy_job_id bigint = j.job_id
    `,
    `${LOADS} JOIN penstock_catalog.load_errors AS e ON e.query_id = h.query_id AND e.started_at = h.started_at LEFT JOIN penstock_catalog.copy_jobs AS j ON j.name = h.copy_job`,
  ),
  relation(
    "stl_loaderror_detail",
    `
    userid integer = ${USER("h")}
    slice integer = 0
    session integer = h.process_id
    query integer = h.query_id
    filename char(256) = e.url
    line_number bigint = e.line
    field integer = coalesce((SELECT max(c.position) FROM penstock_catalog.columns AS c WHERE c.relation_oid = h.table_oid AND c.name = e.column_name), 0)
    colname char(1024) = e.column_name
    value char(1024) = e.raw_field
    is_null integer = 0
    type char(10) = e.column_type
    col_length char(10) = e.column_length
    `,
    `${LOADS} JOIN penstock_catalog.load_errors AS e ON e.query_id = h.query_id AND e.started_at = h.started_at`,
  ),
  relation(
    "stl_load_commits",
    `
    userid integer = ${USER("h")}
    query integer = h.query_id
    slice integer = 0
    name char(256) = d.url
    filename char(256) = d.url
    byte_offset integer = d.size_bytes
    lines_scanned bigint = d.rows_read
    errors integer = d.error_count
    curtime timestamp = h.ended_at
    status integer = CASE h.status WHEN 'completed' THEN 1 ELSE 0 END
    file_format char(16) = h.format
    is_partial integer = 0
    start_offset bigint = 0
    copy_job_id bigint = j.job_id
    `,
    `${LOADS} JOIN penstock_catalog.load_detail AS d ON d.query_id = h.query_id AND d.started_at = h.started_at LEFT JOIN penstock_catalog.copy_jobs AS j ON j.name = h.copy_job`,
  ),
  relation(
    "stl_file_scan",
    `
    userid integer = ${USER("h")}
    query integer = h.query_id
    slice integer = 0
    name char(90) = right(d.url, 90)
    lines bigint = d.rows_read
    bytes bigint = d.size_bytes
    loadtime bigint = ${MICROSECONDS}
    curtime timestamp = h.ended_at
    is_partial integer = 0
    start_offset bigint = 0
    `,
    `${LOADS} JOIN penstock_catalog.load_detail AS d ON d.query_id = h.query_id AND d.started_at = h.started_at`,
  ),
  relation(
    "stl_unload_log",
    `
    userid integer = ${USER("h")}
    query integer = h.query_id
    slice integer = 0
    pid integer = h.process_id
    path char(1280) = d.url
    start_time timestamp = h.started_at
    end_time timestamp = h.ended_at
    line_count bigint = d.rows
    transfer_size bigint = d.size_bytes
    file_format char(10) = CASE h.format WHEN 'text' THEN 'Text' WHEN 'parquet' THEN 'Parquet' ELSE upper(h.format) END
    `,
    "penstock_catalog.seen_unload_history AS h JOIN penstock_catalog.unload_detail AS d ON d.query_id = h.query_id AND d.started_at = h.started_at",
  ),
  relation(
    "stl_query",
    `
    userid integer = ${USER("q")}
    query integer = q.id
    label char(320) = coalesce(q.query_group, 'default')
    xid bigint = q.transaction_id
    pid integer = q.process_id
    database char(32) = ${DATABASE}
    querytxt char(4000) = left(q.sql, 4000)
    starttime timestamp = q.started_at
    endtime timestamp = q.ended_at
    aborted integer = ${ABORTED}
    insert_pristine integer = 0
    concurrency_scaling_status integer = 0
    `,
    `${QUERIES} WHERE q.state <> 'running' AND ${IS_QUERY}`,
  ),
  relation(
    "stl_querytext",
    `
    userid integer = ${USER("q")}
    xid bigint = q.transaction_id
    pid integer = q.process_id
    query integer = q.id
    sequence integer = p.sequence
    text char(200) = p.text
    `,
    `${PARTS} WHERE q.state <> 'running' AND ${IS_QUERY}`,
  ),
  relation(
    "stl_ddltext",
    `
    userid integer = ${USER("q")}
    xid bigint = q.transaction_id
    pid integer = q.process_id
    label char(320) = coalesce(q.query_group, 'default')
    starttime timestamp = q.started_at
    endtime timestamp = q.ended_at
    sequence integer = p.sequence
    text char(200) = p.text
    `,
    `${PARTS} WHERE q.state <> 'running' AND ${IS_DDL}`,
  ),
  relation(
    "stl_utilitytext",
    `
    userid integer = ${USER("q")}
    xid bigint = q.transaction_id
    pid integer = q.process_id
    label char(320) = coalesce(q.query_group, 'default')
    starttime timestamp = q.started_at
    endtime timestamp = q.ended_at
    sequence integer = p.sequence
    text char(200) = p.text
    `,
    `${PARTS} WHERE q.state <> 'running' AND NOT ${IS_QUERY} AND NOT ${IS_DDL}`,
  ),
  relation(
    "stl_connection_log",
    `
    event char(50) = 'initiating session'
    recordtime timestamp = CAST(s.started_at AS TIMESTAMP)
    remotehost char(45) = regexp_extract(s.remote, '^(.*?)(:\\d+)?$', 1)
    remoteport char(32) = regexp_extract(s.remote, ':(\\d+)$', 1)
    pid integer = s.process_id
    dbname char(50) = ${DATABASE}
    username char(50) = s.user_name
    authmethod char(32) = 'Trust'
    duration integer = 0
    sslversion char(50), sslcipher char(128), mtu integer, sslcompression char(64), sslexpansion char(64), iamauthguid char(36)
    application_name char(250) = s.application_name
    os_version char(64), driver_version char(64), plugin_name char(32), protocol_version integer, sessionid char(36), compression char(8)
    `,
    "penstock_catalog.sessions AS s",
  ),
  relation(
    "stl_sessions",
    "userid integer, starttime timestamp, endtime timestamp, process integer, user_name char(50), db_name char(50), timeout_sec integer, timed_out integer",
  ),
  relation(
    "stl_wlm_query",
    `
    userid integer = ${USER("q")}
    xid integer = q.transaction_id
    task integer = q.id
    query integer = q.id
    service_class integer = 100
    slot_count integer = 1
    service_class_start_time timestamp = q.started_at
    queue_start_time timestamp = q.started_at
    queue_end_time timestamp = q.started_at
    total_queue_time bigint = 0
    exec_start_time timestamp = q.started_at
    exec_end_time timestamp = q.ended_at
    total_exec_time bigint = q.duration_us
    service_class_end_time timestamp = q.ended_at
    final_state char(16) = CASE q.state WHEN 'success' THEN 'Completed' ELSE 'Evicted' END
    est_peak_mem bigint = 0
    query_priority char(20) = 'Normal'
    service_class_name char(64) = 'Default queue'
    `,
    `${QUERIES} WHERE q.state <> 'running' AND ${IS_QUERY}`,
  ),
  relation(
    "stl_error",
    `
    userid integer = ${USER("q")}
    process char(12) = 'padbmaster'
    recordtime timestamp = q.ended_at
    pid integer = q.process_id
    errcode integer = 0
    file char(90) = ''
    linenum integer = 0
    context char(100) = ''
    error char(512) = q.error
    `,
    `${QUERIES} WHERE q.error IS NOT NULL`,
  ),
  relation(
    "stl_alert_event_log",
    "userid integer, query integer, slice integer, segment integer, step integer, pid integer, xid bigint, event char(1024), solution char(1024), event_time timestamp",
  ),
  relation(
    "stl_analyze",
    "userid integer, xid bigint, database char(30), table_id integer, status char(15), rows double, modified_rows double, threshold_percent integer, is_auto char(1), starttime timestamp, endtime timestamp, prevtime timestamp, num_predicate_cols integer, num_new_predicate_cols integer, is_background char(1), auto_analyze_phase char(100), schema_name char(128), table_name char(136)",
  ),
  relation(
    "stl_analyze_compression",
    "userid integer, start_time timestamp, xid bigint, tbl integer, tablename char(128), col integer, old_encoding char(15), new_encoding char(15), mode char(14), best_compression_encoding char(15), recommended_encoding char(15)",
  ),
  relation(
    "stl_vacuum",
    "userid integer, xid bigint, table_id integer, status char(30), rows bigint, sortedrows integer, blocks integer, max_merge_partitions integer, eventtime timestamp, reclaimable_rows bigint, reclaimable_space_mb bigint, cutoff_xid bigint, is_recluster integer",
  ),
  relation(
    "stl_insert",
    "userid integer, query integer, slice integer, segment integer, step integer, starttime timestamp, endtime timestamp, tasknum integer, rows bigint, tbl integer, inserted_mega_value char(1), use_staging_table char(1)",
  ),
  relation(
    "stl_delete",
    "userid integer, query integer, slice integer, segment integer, step integer, starttime timestamp, endtime timestamp, tasknum integer, rows bigint, tbl integer",
  ),
  relation(
    "stl_scan",
    "userid integer, query integer, slice integer, segment integer, step integer, starttime timestamp, endtime timestamp, tasknum integer, rows bigint, bytes bigint, fetches bigint, type integer, tbl integer, is_rrscan char(1), is_delayed_scan char(1), rows_pre_filter bigint, rows_pre_user_filter bigint, perm_table_name char(136), is_rlf_scan char(1), is_rlf_scan_reason integer, num_em_blocks integer, checksum bigint, runtime_filtering char(1), scan_region integer, num_sortkey_as_predicate integer, row_fetcher_state integer, consumed_scan_ranges bigint, work_stealing_reason bigint, is_vectorized_scan char(1), is_vectorized_scan_reason integer, row_fetcher_reason bigint, topology_signature bigint, use_tpm_partition char(1), is_rrscan_expr char(1)",
  ),
  relation(
    "stl_explain",
    "userid integer, query integer, nodeid integer, parentid integer, plannode char(400), info char(400)",
  ),
  relation(
    "stl_query_metrics",
    "userid integer, service_class integer, query integer, segment integer, step_type integer, starttime timestamp, slices integer, max_rows bigint, rows bigint, max_cpu_time bigint, cpu_time bigint, max_blocks_read integer, blocks_read bigint, max_run_time bigint, run_time bigint, max_blocks_to_disk bigint, blocks_to_disk bigint, step integer, max_query_scan_size bigint, query_scan_size bigint, query_priority integer, query_queue_time bigint, service_class_name char(64)",
  ),
  relation(
    "stl_tr_conflict",
    "xact_id bigint, process_id bigint, xact_start_ts timestamp, abort_time timestamp, table_id bigint",
  ),
  relation(
    "stl_undone",
    "userid integer, undoing_xid bigint, undone_xid bigint, start_time timestamp, end_time timestamp, table_id bigint",
  ),
  relation(
    "stl_commit_stats",
    "xid bigint, node integer, startqueue timestamp, startwork timestamp, endflush timestamp, endstage timestamp, endlocal timestamp, startglobal timestamp, endtime timestamp, queuelen bigint, permblocks bigint, newblocks bigint, dirtyblocks bigint, headers bigint, numxids integer, oldestxid bigint, extwritelatency bigint, metadatawritten integer, tombstonedblocks bigint, tossedblocks bigint, batched_by bigint",
  ),
  relation(
    "stl_userlog",
    "userid integer, username char(50), oldusername char(50), action char(10), usecreatedb integer, usesuper integer, usecatupd integer, valuntil timestamp, pid integer, xid bigint, recordtime timestamp",
  ),
  relation(
    "stl_s3client",
    "userid integer, query integer, slice integer, recordtime timestamp, pid integer, http_method char(64), bucket char(64), key char(256), transfer_size bigint, data_size bigint, start_time bigint, end_time bigint, transfer_time bigint, compression_time bigint, connect_time bigint, app_connect_time bigint, retries bigint, request_id char(32), extended_request_id char(128), ip_address char(64), is_partial integer, start_offset bigint",
  ),
  relation(
    "stl_s3client_error",
    "userid integer, query integer, sliceid integer, recordtime timestamp, pid integer, http_method char(64), bucket char(64), key char(256), error char(1024), is_partial integer, start_offset bigint",
  ),
  relation(
    "stl_replacements",
    "userid integer, query integer, slice integer, tbl integer, starttime timestamp, session integer, filename char(256), line_number bigint, colname char(127), raw_line char(1024)",
  ),
  relation(
    "stl_restarted_sessions",
    "currenttime timestamp, dbname char(50), newpid integer, oldpid integer, username char(50), remotehost char(45), remoteport char(32), parkedtime timestamp, session_vars char(2000)",
  ),
  relation(
    "stl_plan_info",
    "userid integer, query integer, nodeid integer, segment integer, step integer, locus integer, plannode integer, startupcost double, totalcost double, rows bigint, bytes bigint",
  ),
  relation(
    "stl_return",
    "userid integer, query integer, slice integer, segment integer, step integer, starttime timestamp, endtime timestamp, tasknum integer, rows bigint, bytes bigint, packets integer, checksum bigint",
  ),
  relation(
    "stl_save",
    "userid integer, query integer, slice integer, segment integer, step integer, starttime timestamp, endtime timestamp, tasknum integer, rows bigint, bytes bigint, tbl integer, is_diskbased char(1), workmem bigint",
  ),
] as const;
