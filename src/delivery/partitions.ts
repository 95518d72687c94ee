/**
 * F: "500 active partitions" of a delivery stream. Kept here for one flush, so that what is delivered locally is delivered there, and
 * since each partition has an open file with its own buffers. Rows of any more partitions become dead letters, as they do there.
 */
export const PARTITIONS_MAX = 500;
