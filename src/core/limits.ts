/**
 * The services' limits that the embedded runtime keeps too, each with its source, so that what works here works there.
 * K = "Kinesis Data Streams API Reference / Quotas and limits", F = "Amazon Data Firehose Quota / API Reference".
 */
export const KIB = 1024;
export const MIB = 1024 * KIB;

/** K: PutRecords "Each request can support up to 500 records". */
export const PUT_RECORDS_COUNT_MAX = 500;
/** K: PutRecords "up to 10 MiB for the entire request, including partition keys" (it was 5 MiB before 2025). */
export const PUT_RECORDS_BYTES_MAX = 10 * MIB;
/** K: MaxRecordSizeInKiB, 1,024 by default, up to 10,240. */
export const RECORD_KIB_DEFAULT = 1024;
export const RECORD_KIB_MAX = 10_240;
/** K: partition keys are Unicode strings of 1 to 256 characters. */
export const PARTITION_KEY_CHARS_MAX = 256;
/** K: GetRecords answers at most 10 MiB and 10,000 records. */
export const GET_RECORDS_BYTES_MAX = 10 * MIB;
export const GET_RECORDS_COUNT_MAX = 10_000;
/** K: a shard iterator and a list token expire 5 minutes after they were handed out. */
export const ITERATOR_LIFE_MS = 300_000;
/** K: retention from 24 hours to 365 days. */
export const RETENTION_HOURS_MIN = 24;
export const RETENTION_HOURS_MAX = 8_760;

/** F: PutRecordBatch "up to 500 records ... or 4 MiB"; a record up to 1,000 KiB before base64. */
export const FIREHOSE_BATCH_COUNT_MAX = 500;
export const FIREHOSE_BATCH_BYTES_MAX = 4 * MIB;
export const FIREHOSE_RECORD_BYTES_MAX = 1000 * KIB;
/** F: BufferingHints.IntervalInSeconds 0 to 900, SizeInMBs 1 to 128. */
export const BUFFER_SECONDS_MAX = 900;
export const BUFFER_MIB_MIN = 1;
export const BUFFER_MIB_MAX = 128;
