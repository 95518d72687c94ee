/** STV_ and SVL_ views: what goes on now, and what went on. */

import { TABLE_STORAGE } from "./base.js";
import { ABORTED, DATABASE, IS_DDL, IS_QUERY, PARTS, QUERIES, USER } from "./log-parts.js";
import { relation } from "./relation.js";

export const STV = [
  relation(
    "stv_recents",
    `
    userid integer = ${USER("q")}
    status char(20) = CASE q.state WHEN 'running' THEN 'Running' ELSE 'Done' END
    starttime timestamp = q.started_at
    duration bigint = coalesce(q.duration_us, 0)
    user_name char(50) = q.user_name
    db_name char(50) = ${DATABASE}
    query char(600) = left(q.sql, 600)
    pid integer = CASE q.state WHEN 'running' THEN q.process_id ELSE -1 END
    `,
    QUERIES,
  ),
  relation(
    "stv_sessions",
    `
    starttime timestamp = CAST(s.started_at AS TIMESTAMP)
    process integer = s.process_id
    user_name char(50) = s.user_name
    db_name char(50) = ${DATABASE}
    timeout_sec integer = 0
    `,
    "penstock_catalog.sessions AS s",
  ),
  relation(
    "stv_inflight",
    `
    userid integer = ${USER("q")}
    slice integer = 0
    query integer = q.id
    label char(320) = coalesce(q.query_group, 'default')
    xid bigint = q.transaction_id
    pid integer = q.process_id
    starttime timestamp = q.started_at
    text char(100) = left(q.sql, 100)
    suspended integer = 0
    insert_pristine integer = 0
    concurrency_scaling_status integer = 0
    `,
    `${QUERIES} WHERE q.state = 'running'`,
  ),
  relation(
    "stv_slices",
    `
    node integer = 0
    slice integer = 0
    localslice integer = 0
    type char(1) = 'D'
    `,
    "(SELECT 1) AS one",
  ),
  relation(
    "stv_tbl_perm",
    `
    slice integer = 0
    id integer = r.oid
    name char(72) = r.name
    rows bigint = t.rows
    sorted_rows bigint = 0
    temp integer = CASE WHEN r.temporary THEN 1 ELSE 0 END
    db_id integer = 100001
    insert_pristine integer = 0
    delete_pristine integer = 0
    backup integer = CASE WHEN r.backup THEN 1 ELSE 0 END
    dist_style integer = CASE r.dist_style WHEN 'key' THEN 1 WHEN 'all' THEN 8 WHEN 'auto' THEN 10 ELSE 0 END
    block_count integer = t.blocks
    `,
    `temp.penstock_relations AS r JOIN ${TABLE_STORAGE} AS t ON t.relation_oid = r.oid`,
  ),
  relation(
    "stv_blocklist",
    "slice integer, col integer, tbl integer, blocknum integer, num_values integer, extended_limits integer, minvalue bigint, maxvalue bigint, sb_pos integer, pinned integer, on_disk integer, modified integer, hdr_modified integer, unsorted integer, tombstone integer, preferred_diskno integer, temporary integer, newblock integer, num_readers integer, flags integer",
  ),
  relation(
    "stv_locks",
    "table_id bigint, last_commit timestamp, last_update timestamp, lock_owner bigint, lock_owner_pid bigint, lock_owner_start_ts timestamp, lock_owner_end_ts timestamp, lock_status char(22)",
  ),
  relation(
    "stv_tbl_trans",
    "slice integer, id integer, rows bigint, size bigint, query_id bigint, ref_cnt integer, from_suspended integer, prep_swap integer",
  ),
  relation(
    "stv_exec_state",
    "userid integer, query integer, slice integer, segment integer, step integer, starttime timestamp, currenttime timestamp, tasknum integer, rows bigint, bytes bigint, label char(256), is_diskbased char(1), workmem bigint, numthreads integer, is_rrscan char(1), is_delayed_scan char(1)",
  ),
  relation(
    "stv_load_state",
    "userid integer, session integer, query integer, slice integer, pid integer, recordtime timestamp, bytes_to_load bigint, bytes_loaded bigint, bytes_to_load_compressed bigint, bytes_loaded_compressed bigint, lines integer, num_files integer, num_files_complete integer, current_file char(256), pct_complete integer",
  ),
  relation(
    "stv_partitions",
    "owner integer, host integer, diskno integer, part_begin bigint, part_end bigint, used integer, tossed integer, capacity integer, reads bigint, writes bigint, seek_forward integer, seek_back integer, is_san integer, failed integer, mbps integer, mount char(256)",
  ),
  relation("stv_node_storage_capacity", "node integer, used integer, capacity integer"),
  relation(
    "stv_cursor_configuration",
    "current_cursor_count integer, max_diskspace_usable integer, current_diskspace_used integer",
  ),
  relation(
    "stv_active_cursors",
    "userid integer, name char(256), xid bigint, pid integer, starttime timestamp, row_count bigint, byte_count bigint, fetched_rows bigint",
  ),
  relation(
    "stv_query_metrics",
    "userid integer, service_class integer, query integer, segment integer, step_type integer, starttime timestamp, slices integer, max_rows bigint, rows bigint, max_cpu_time bigint, cpu_time bigint, max_blocks_read integer, blocks_read bigint, max_run_time bigint, run_time bigint, max_blocks_to_disk bigint, blocks_to_disk bigint, step integer, max_query_scan_size bigint, query_scan_size bigint, query_priority integer, query_queue_time bigint, service_class_name char(64)",
  ),
  relation(
    "stv_wlm_query_state",
    "xid integer, task integer, query integer, service_class integer, slot_count integer, wlm_start_time timestamp, state char(16), queue_time bigint, exec_time bigint, query_priority char(20)",
  ),
  relation(
    "stv_wlm_query_queue_state",
    "service_class integer, position integer, task integer, query integer, slot_count integer, start_time timestamp, queue_time bigint",
  ),
  relation(
    "stv_wlm_service_class_config",
    "service_class integer, queueing_strategy char(32), num_query_tasks integer, target_num_query_tasks integer, evictable char(8), eviction_threshold bigint, query_working_mem integer, target_query_working_mem integer, min_step_mem integer, name char(64), max_execution_time bigint, user_group_wild_card boolean, query_group_wild_card boolean, concurrency_scaling char(20), query_priority char(20), user_role_wild_card boolean",
  ),
  relation(
    "stv_wlm_service_class_state",
    "service_class integer, num_queued_queries integer, num_executing_queries integer, num_serviced_queries integer, num_executed_queries integer, query_working_mem integer, num_query_tasks integer, target_num_query_tasks integer, num_concurrency_scaling_queries integer",
  ),
  relation(
    "stv_wlm_classification_config",
    "id integer, condition char(128), action_seq integer, action char(64), action_service_class integer",
  ),
  relation("stv_startup_recovery_state", "db_id integer, table_id integer, table_name char(137)"),
  relation("stv_gui_status", "userid integer, status char(20)"),
] as const;

export const SVL = [
  relation(
    "svl_qlog",
    `
    userid integer = ${USER("q")}
    query integer = q.id
    xid bigint = q.transaction_id
    pid integer = q.process_id
    starttime timestamp = q.started_at
    endtime timestamp = q.ended_at
    elapsed bigint = q.duration_us
    aborted integer = ${ABORTED}
    label char(320) = coalesce(q.query_group, 'default')
    substring char(60) = left(q.sql, 60)
    source_query integer
    concurrency_scaling_status_txt text = 'Ran on the main cluster'
    from_sp_call integer
    `,
    `${QUERIES} WHERE q.state <> 'running' AND ${IS_QUERY}`,
  ),
  relation(
    "svl_statementtext",
    `
    userid integer = ${USER("q")}
    xid bigint = q.transaction_id
    pid integer = q.process_id
    label char(320) = coalesce(q.query_group, 'default')
    starttime timestamp = q.started_at
    endtime timestamp = q.ended_at
    sequence integer = p.sequence
    type varchar(10) = CASE WHEN ${IS_QUERY} THEN 'QUERY' WHEN ${IS_DDL} THEN 'DDL' ELSE 'UTILITY' END
    text char(200) = p.text
    `,
    `${PARTS} WHERE q.state <> 'running'`,
  ),
  relation(
    "svl_qerror",
    `
    userid integer = ${USER("q")}
    query integer = q.id
    pid integer = q.process_id
    recordtime timestamp = q.ended_at
    error char(512) = q.error
    `,
    `${QUERIES} WHERE q.error IS NOT NULL`,
  ),
  relation(
    "svl_query_summary",
    "userid integer, query integer, stm integer, seg integer, step integer, maxtime bigint, avgtime bigint, rows bigint, bytes bigint, rate_row double, rate_byte double, label text, is_diskbased char(1), workmem bigint, is_rrscan char(1), is_delayed_scan char(1), rows_pre_filter bigint",
  ),
  relation(
    "svl_query_report",
    "userid integer, query integer, slice integer, segment integer, step integer, start_time timestamp, end_time timestamp, elapsed_time bigint, rows bigint, bytes bigint, label char(256), is_diskbased char(1), workmem bigint, is_rrscan char(1), is_delayed_scan char(1), rows_pre_filter bigint",
  ),
  relation(
    "svl_query_metrics",
    "userid integer, query integer, service_class integer, dimension char(24), segment integer, step integer, step_label char(30), query_cpu_time bigint, query_blocks_read bigint, query_execution_time bigint, query_cpu_usage_percent numeric(38, 2), query_temp_blocks_to_disk bigint, segment_execution_time bigint, cpu_skew numeric(38, 2), io_skew numeric(38, 2), scan_row_count bigint, join_row_count bigint, nested_loop_join_row_count bigint, return_row_count bigint, spectrum_scan_row_count bigint, spectrum_scan_size_mb bigint, query_queue_time bigint, service_class_name char(64)",
  ),
  relation(
    "svl_query_metrics_summary",
    "userid integer, query integer, service_class integer, query_cpu_time bigint, query_blocks_read bigint, query_execution_time bigint, query_cpu_usage_percent numeric(38, 2), query_temp_blocks_to_disk bigint, segment_execution_time bigint, cpu_skew numeric(38, 2), io_skew numeric(38, 2), scan_row_count bigint, join_row_count bigint, nested_loop_join_row_count bigint, return_row_count bigint, spectrum_scan_row_count bigint, spectrum_scan_size_mb bigint, query_queue_time bigint, service_class_name char(64)",
  ),
  relation(
    "svl_compile",
    "userid integer, xid bigint, pid integer, query integer, segment integer, locus integer, starttime timestamp, endtime timestamp, compile integer, location char(32)",
  ),
  relation(
    "svl_s3list",
    "query integer, segment integer, node integer, slice integer, eventtime timestamp, bucket text, prefix text, recursive char(1), retrieved_files integer, max_file_size bigint, avg_file_size double, generated_splits integer, avg_split_length double, duration bigint",
  ),
  relation(
    "svl_s3log",
    "pid integer, query integer, segment integer, step integer, node integer, slice integer, eventtime timestamp, message text",
  ),
  relation(
    "svl_s3partition",
    "query integer, segment integer, node integer, slice integer, starttime timestamp, endtime timestamp, duration bigint, total_partitions integer, qualified_partitions integer, assigned_partitions integer, assignment char(1)",
  ),
  relation(
    "svl_s3query",
    "userid integer, query integer, segment integer, step integer, node integer, slice integer, starttime timestamp, endtime timestamp, elapsed bigint, external_table_name char(136), file_format char(16), is_partitioned char(1), is_rrscan char(1), s3_scanned_rows bigint, s3_scanned_bytes bigint, s3query_returned_rows bigint, s3query_returned_bytes bigint, files bigint, splits bigint, total_split_size bigint, max_split_size bigint, total_retries bigint, max_retries bigint, max_request_duration bigint, avg_request_duration double, max_request_parallelism integer, avg_request_parallelism double",
  ),
  relation(
    "svl_s3query_summary",
    "userid integer, query integer, xid bigint, pid integer, segment integer, step integer, starttime timestamp, endtime timestamp, elapsed bigint, aborted integer, external_table_name char(136), file_format char(16), is_partitioned char(1), is_rrscan char(1), is_nested char(1), s3_scanned_rows bigint, s3_scanned_bytes bigint, s3query_returned_rows bigint, s3query_returned_bytes bigint, files bigint, files_max integer, files_avg bigint, splits bigint, splits_max integer, splits_avg bigint, total_split_size bigint, max_split_size bigint, avg_split_size bigint, total_retries bigint, max_retries bigint, max_request_duration bigint, avg_request_duration double, max_request_parallelism integer, avg_request_parallelism double, total_slowdown_count bigint, max_slowdown_count integer",
  ),
  relation(
    "svl_stored_proc_call",
    "userid integer, session_userid integer, query integer, label char(320), xid bigint, pid integer, database char(32), querytxt char(4000), starttime timestamp, endtime timestamp, aborted integer, from_sp_call integer",
  ),
  relation(
    "svl_auto_worker_action",
    "table_id integer, type char(32), status char(128), eventtime timestamp, sequence integer, previous_state char(128)",
  ),
  relation("svl_vacuum_percentage", "xid bigint, reclaimed_percentage integer"),
  relation("svl_terminate", "pid integer, eventtime timestamp, userid integer, type char(64)"),
  relation(
    "svl_udf_log",
    "query bigint, message text, created timestamp, traceback text, funcname text, node integer, slice integer, seq integer",
  ),
] as const;
