/** Dead letters from their objects (lines of Firehose's error record with Penstock's fields beside it) into the one table of them all. */
import { METADATA_COLUMNS } from "../../definition/model.js";
import { type StageColumn, sourceOf } from "./copy-steps.js";
import { metadataType } from "./ddl.js";
import type { LoadGiven } from "./load-given.js";
import { lettersTable, name, OBJECTS, ROWS, STAGE, type Step, text } from "./steps.js";

/** The fields that are read, by their names in lower case. */
export const LETTER_COLUMNS: readonly StageColumn[] = [
  { name: "arrivaltimestamp", type: "BIGINT" },
  { name: "errorcode", type: "VARCHAR(128)" },
  { name: "code", type: "VARCHAR(128)" },
  { name: "errormessage", type: "VARCHAR(4096)" },
  { name: "rawdata", type: "VARCHAR(65535)" },
  { name: "sequencenumber", type: "VARCHAR(128)" },
  { name: "stream", type: "VARCHAR(256)" },
  { name: "shardid", type: "VARCHAR(256)" },
  { name: "sequence", type: "BIGINT" },
  { name: "rowindex", type: "BIGINT" },
  { name: "column", type: "VARCHAR(128)" },
  { name: "table", type: "VARCHAR(128)" },
  { name: "flush", type: "BIGINT" },
  { name: "attemptsmade", type: "INTEGER" },
  { name: "attemptendingtimestamp", type: "BIGINT" },
  { name: "datacatalogtable", type: "VARCHAR(1024)" },
];

/** Base64 comes in fours, so a raw text of the column's whole length has been cut. */
export const CUT_RAW_BYTES = 65_535;

/** Days, then the rest of the day: Redshift counts what it adds in an INTEGER. */
function timeOf(ms: string): string {
  return `DATEADD(ms, CAST(MOD(${ms}, 86400000) AS INTEGER), DATEADD(day, CAST(${ms} / 86400000 AS INTEGER), TIMESTAMP '1970-01-01 00:00:00'))`;
}

/** The shard of Firehose's own failures, in their identity. */
export const FIREHOSE_SHARD = "firehose";
/** src/cli/aws/letter-identity.ts makes the same of an object's line. Of what the column holds, where it was cut. */
const FIREHOSE_SEQUENCE = "MD5(CAST(s.arrivaltimestamp AS VARCHAR(20)) || ' ' || NVL(s.rawdata, ''))";

export function letterSteps(given: LoadGiven): Step[] {
  const { place, table, dryRun } = given;
  const letters = lettersTable(place);
  // As the rows' own `_shard_id`: with several sources, the stream is part of it.
  const own =
    table.sources.length > 1
      ? "CASE WHEN s.shardid LIKE '%:%' THEN s.shardid ELSE s.stream || ':' || s.shardid END"
      : "s.shardid";
  // Firehose's own failures say neither table nor shard. What they have for good are their bytes and when these arrived, which is their identity here.
  const shard = `NVL(${own}, '${FIREHOSE_SHARD}')`;
  const sequence =
    place.sequence === "dense"
      ? "s.sequence"
      : `CASE WHEN s.shardid IS NULL THEN ${FIREHOSE_SEQUENCE} ELSE s.sequencenumber END`;
  const tableName = `NVL(s."table", ${text(table.name)})`;
  const row = "NVL(s.rowindex, 0)";
  const index = `CAST(${row} AS ${metadataType(METADATA_COLUMNS[2], place)})`;
  const id = `${tableName} || '/' || ${shard} || '/' || CAST(${sequence} AS VARCHAR(128)) || '/' || CAST(${row} AS VARCHAR(20))`;
  const columns = [
    "id",
    "table_name",
    "stream",
    "shard_id",
    "sequence",
    "sequence_number",
    "row_index",
    "arrived_at",
    "error_code",
    "column_name",
    "error_message",
    "raw_base64",
    "flush",
    "firehose_code",
    "attempts",
    "attempted_at",
    "data_catalog_table",
  ];
  const values = [
    `CAST(${id} AS VARCHAR(1024))`,
    tableName,
    `NVL(s.stream, ${text(table.sources.length === 1 ? table.sources[0]! : "")})`,
    `CAST(${shard} AS VARCHAR(256))`,
    sequence,
    `NVL(CAST(${place.sequence === "dense" ? "s.sequencenumber" : sequence} AS VARCHAR(128)), CAST(s.sequence AS VARCHAR(128)))`,
    index,
    timeOf("s.arrivaltimestamp"),
    "NVL(s.code, s.errorcode)",
    's."column"',
    "NVL(s.errormessage, '')",
    "NVL(s.rawdata, '')",
    "NVL(s.flush, 0)",
    "s.errorcode",
    "NVL(s.attemptsmade, 1)",
    timeOf("s.attemptendingtimestamp"),
    "s.datacatalogtable",
  ];
  // With several objects in a source, a letter's own flush tells which it was in: an object holds the letters of one flush.
  const several = given.sources.flatMap(({ objects }, at) => (objects.length > 1 ? [at + 1] : []));
  const ofObject =
    several.length === 0 ? "" : ` AND (r.penstock_source NOT IN (${several.join(", ")}) OR o.flush = r.flush)`;
  const named = values.map((value, at) => `${value} AS ${name(columns[at]!)}`).join(", ");
  const list = columns.map(name).join(", ");
  const steps = [
    `CREATE TEMP TABLE ${ROWS} AS SELECT ${sourceOf(given)} AS penstock_source, CAST(NULL AS VARCHAR(8)) AS penstock_fate,
       CAST(NULL AS TIMESTAMP) AS _arrived_at, ${named} FROM ${STAGE} s WHERE EXISTS (SELECT 1 FROM ${OBJECTS})`,
    // The same record may be buried twice, in two objects, where delivery is at least once.
    `UPDATE ${ROWS} SET penstock_fate = 'again' FROM ${letters} d WHERE d.id = ${ROWS}.id AND d.arrived_at = ${ROWS}.arrived_at`,
    ...(dryRun === true
      ? []
      : [
          `INSERT INTO ${letters} (${list}, object_key) SELECT ${columns.map((one) => `r.${name(one)}`).join(", ")}, o.object_key
             FROM ${ROWS} r JOIN (SELECT source, flush, MIN(object_key) AS object_key FROM ${OBJECTS} GROUP BY source, flush) o
             ON o.source = r.penstock_source${ofObject} WHERE r.penstock_fate IS NULL`,
        ]),
  ];
  return steps.map((sql) => ({ kind: "rows", sql }));
}
