/** The ledger: what a load is about, what it came to, and the questions that are asked of it later. */
import type { LedgerEntry } from "../warehouse.js";
import type { LoadGiven } from "./load-given.js";
import {
  type LoadObject,
  lockSteps,
  msOf,
  name,
  OBJECTS,
  ownTable,
  type RedshiftPlace,
  ROWS,
  STAGE,
  type Step,
  text,
  unqualified,
  VERDICT,
} from "./steps.js";

/** What is to be loaded; no row at all where this load has committed before, and then no statement behind it does anything. */
export function objectsStep({ place, target, loadId, sources }: LoadGiven): Step {
  const rows = sources.flatMap(({ objects }, index) => objects.map((object) => objectRow(index + 1, object)));
  // A load that only marks letters has no object, and is known by its row all the same.
  const all = rows.length > 0 ? rows : [`SELECT 0 AS source, CAST('' AS VARCHAR(1024)) AS object_key, ${NUMBERS}`];
  return {
    kind: "ledger",
    sql: `CREATE TEMP TABLE ${OBJECTS} AS SELECT * FROM (${all.join(" UNION ALL ")}) o
      WHERE NOT EXISTS (SELECT 1 FROM ${ownTable(place, "loads", target)} WHERE load_id = ${text(loadId)})`,
  };
}

const NUMBERS = [
  "CAST(0 AS BIGINT) AS flush",
  "CAST(0 AS INTEGER) AS schema_version",
  "CAST(0 AS BIGINT) AS expected",
  "CAST(0 AS BIGINT) AS size_bytes",
].join(", ");

function objectRow(source: number, { key, flush, schemaVersion, rows, sizeBytes }: LoadObject): string {
  return `SELECT ${source} AS source, CAST(${text(key)} AS VARCHAR(1024)) AS object_key, CAST(${flush} AS BIGINT) AS flush,
    CAST(${schemaVersion} AS INTEGER) AS schema_version, CAST(${rows ?? "NULL"} AS BIGINT) AS expected, CAST(${sizeBytes} AS BIGINT) AS size_bytes`;
}

export function ledgerSteps(given: LoadGiven, dead: boolean): Step[] {
  const { place, target, loadId, range, dryRun } = given;
  const loads = ownTable(place, "loads", target);
  if (dryRun === true) return [{ kind: "report", sql: `SELECT ${REPORT_COLUMNS} FROM (${outcomes(given, dead)}) l` }];
  const quarantined = `DELETE FROM ${loads} USING ${OBJECTS} o WHERE ${unqualified(loads)}.object_key = o.object_key AND ${unqualified(loads)}.status = 'quarantined'`;
  return [
    ...(range === undefined && given.sources.length > 0 ? [{ kind: "ledger" as const, sql: quarantined }] : []),
    { kind: "ledger", sql: `INSERT INTO ${loads} (${LOAD_COLUMNS.join(", ")}) ${outcomes(given, dead)}` },
    { kind: "report", sql: outcomeSql(place, target, loadId) },
  ];
}

const LOAD_COLUMNS = [
  "load_id",
  "object_key",
  "kind",
  "status",
  "whole",
  "replay",
  "flush",
  "schema_version",
  "row_count",
  "loaded_rows",
  "deduped_rows",
  "replaced_rows",
  "size_bytes",
  "loaded_at",
  "took_ms",
  "oldest_arrived_at",
] as const;

/** A row for each object; in the order of the columns above. */
function outcomes(given: LoadGiven, dead: boolean): string {
  const { place, target, loadId, range, skipExisting, sources, table } = given;
  const loads = ownTable(place, "loads", target);
  const none = sources.length === 0;
  const checked = !none && (dead || given.mode === "checked");
  // Where one COPY read several objects, their counts are known together: what was lost is put down to them in order, up to the rows of each.
  const share = (total: string) =>
    `GREATEST(0, LEAST(o.expected, ${total} - (SUM(o.expected) OVER (PARTITION BY o.source ORDER BY o.object_key ROWS UNBOUNDED PRECEDING) - o.expected)))`;
  const alone = sources.every(({ objects }) => objects.length === 1);
  const [rows, lost] = !checked
    ? ["o.expected", "0"]
    : alone
      ? ["NVL(c.n, 0)", "NVL(c.lost, 0)"]
      : [range === undefined ? "o.expected" : share("NVL(c.n, 0)"), share("NVL(c.lost, 0)")];
  const judged = checked && !dead && table.dedupe !== undefined;
  // A part of an object is no object: were it entered as one, the rest would never be loaded.
  const whole = none || range !== undefined ? "FALSE" : "CASE WHEN h.object_key IS NULL THEN TRUE ELSE FALSE END";
  const values = [
    `CAST(${text(loadId)} AS VARCHAR(128))`,
    "o.object_key",
    none ? "'none'" : dead ? "'dead'" : "'rows'",
    "'loaded'",
    whole,
    skipExisting === true ? "TRUE" : "FALSE",
    "o.flush",
    "o.schema_version",
    rows,
    `${rows} - ${lost}`,
    lost,
    judged ? (alone ? "NVL(p.n, 0)" : share("NVL(p.n, 0)")) : "0",
    "o.size_bytes",
    "GETDATE()",
    "GREATEST(0, DATEDIFF(ms, SYSDATE, GETDATE()))",
    none ? "CAST(NULL AS TIMESTAMP)" : "c.oldest",
  ].map((value, at) => `${value} AS ${LOAD_COLUMNS[at]!}`);
  const counts = checked
    ? `SELECT penstock_source AS source, COUNT(*) AS n, COUNT(penstock_fate) AS lost, MIN(_arrived_at)${dead ? "" : " AT TIME ZONE 'UTC'"} AS oldest FROM ${ROWS} GROUP BY 1`
    : `SELECT NVL(penstock_source, ${sources.length}) AS source, MIN(_arrived_at) AS oldest FROM ${STAGE} GROUP BY 1`;
  // Rows of the table that lost to another row of the table belong to no object of this load.
  const replaced = `SELECT CASE WHEN winner_source = 0 THEN 1 ELSE winner_source END AS source, COUNT(*) AS n FROM ${VERDICT} WHERE staged = 0 GROUP BY 1`;
  const entered = `SELECT object_key FROM ${loads} WHERE whole AND status = 'loaded'`;
  return [
    `SELECT ${values.join(", ")} FROM ${OBJECTS} o`,
    ...(none ? [] : [`LEFT JOIN (${counts}) c ON c.source = o.source`]),
    ...(judged ? [`LEFT JOIN (${replaced}) p ON p.source = o.source`] : []),
    ...(whole === "FALSE" ? [] : [`LEFT JOIN (${entered}) h ON h.object_key = o.object_key`]),
  ].join(" ");
}

const ENTRY_COLUMNS = [
  "l.object_key",
  "l.kind",
  "l.status",
  "l.flush",
  "l.schema_version",
  "l.row_count",
  "l.loaded_rows",
  "l.deduped_rows",
  "l.replaced_rows",
  "l.size_bytes",
];
const TIMES = [`${msOf("l.loaded_at")} AS loaded_at_ms`, "l.took_ms", `${msOf("l.oldest_arrived_at")} AS oldest_ms`];
/** A dry run gives no reason. */
const REPORT_COLUMNS = [...ENTRY_COLUMNS, "CAST(NULL AS VARCHAR(8)) AS reason", ...TIMES].join(", ");
const STORED_COLUMNS = [...ENTRY_COLUMNS, "l.reason", ...TIMES].join(", ");

/** What one load came to; no row means that it has not committed. */
export function outcomeSql(place: RedshiftPlace, target: string, loadId: string): string {
  return `SELECT ${STORED_COLUMNS} FROM ${ownTable(place, "loads", target)} l WHERE l.load_id = ${text(loadId)} ORDER BY l.object_key`;
}

/** The entries of these objects. A statement may have 100 KB, so keys come in parts: see LEDGER_KEYS_MAX. */
export function ledgerSql(place: RedshiftPlace, target: string, keys: readonly string[]): string {
  const list = keys.map(text).join(", ");
  return `SELECT ${STORED_COLUMNS} FROM ${ownTable(place, "loads", target)} l WHERE l.whole AND l.object_key IN (${list})`;
}

/** A key may have 1,024 bytes. */
export const LEDGER_KEYS_MAX = 64;

export function newestSql(place: RedshiftPlace, target: string, newest: number): string {
  return `SELECT ${STORED_COLUMNS} FROM ${ownTable(place, "loads", target)} l WHERE l.whole ${NEWEST_FIRST} LIMIT ${newest}`;
}

export function quarantinedSql(place: RedshiftPlace, target: string): string {
  return `SELECT ${STORED_COLUMNS} FROM ${ownTable(place, "loads", target)} l WHERE l.whole AND l.status = 'quarantined' ${NEWEST_FIRST}`;
}

const NEWEST_FIRST = "ORDER BY l.loaded_at DESC, l.flush DESC, l.object_key";

/** Rows loaded, deduplicated and replaced, and letters. */
export function sumsSql(place: RedshiftPlace, target: string): string {
  const sum = (column: string, kind: string) => `NVL(SUM(CASE WHEN kind = '${kind}' THEN ${column} ELSE 0 END), 0)`;
  return `SELECT ${sum("loaded_rows", "rows")}, ${sum("deduped_rows", "rows")}, ${sum("replaced_rows", "rows")}, ${sum("loaded_rows", "dead")}
    FROM ${ownTable(place, "loads", target)} WHERE whole`;
}

export function replaysSql(place: RedshiftPlace, target: string): string {
  return `SELECT COUNT(*) FROM ${ownTable(place, "loads", target)} WHERE replay AND loaded_rows > 0`;
}

export function ledgerEntry(target: string, row: readonly unknown[]): LedgerEntry {
  const count = (index: number) => Number(row[index]);
  const reason = row[10];
  return {
    target,
    key: String(row[0]),
    kind: row[1] === "dead" ? "dead" : "rows",
    status: row[2] === "loaded" ? "loaded" : "quarantined",
    flush: count(3),
    schemaVersion: count(4),
    rows: count(5),
    loadedRows: count(6),
    dedupedRows: count(7),
    replacedRows: count(8),
    sizeBytes: count(9),
    ...(typeof reason === "string" ? { reason } : {}),
    loadedAtMs: count(11),
    tookMs: count(12),
  };
}

/** When the oldest row of an entry arrived, where it is known. */
export function oldestArrivalMs(row: readonly unknown[]): number | undefined {
  return row[13] === null || row[13] === undefined ? undefined : Number(row[13]);
}

/** Gives an object up, unless it has been loaded. */
export function quarantineSteps(place: RedshiftPlace, target: string, object: LoadObject, reason: string): Step[] {
  const loads = ownTable(place, "loads", target);
  const { key, kind, flush, schemaVersion, rows, sizeBytes } = object;
  const values = [
    text(cutTo(`quarantine ${key}`, 128)),
    text(key),
    text(kind),
    "'quarantined'",
    "TRUE",
    "FALSE",
    flush,
    schemaVersion,
    rows ?? 0,
    0,
    0,
    0,
    sizeBytes,
    "GETDATE()",
    0,
    "CAST(NULL AS TIMESTAMP)",
    text(cutTo(reason, 4096)),
  ];
  return [
    ...lockSteps(ownTable(place, "locks", target)),
    { kind: "ledger", sql: `DELETE FROM ${loads} WHERE object_key = ${text(key)} AND status = 'quarantined'` },
    {
      kind: "ledger",
      sql: `INSERT INTO ${loads} (${[...LOAD_COLUMNS, "reason"].map(name).join(", ")}) SELECT ${values.join(", ")}
        WHERE NOT EXISTS (SELECT 1 FROM ${loads} WHERE object_key = ${text(key)} AND whole AND status = 'loaded')`,
    },
  ];
}

/** To so many bytes of UTF-8. */
function cutTo(value: string, bytesMax: number): string {
  let cut = value.slice(0, bytesMax);
  while (Buffer.byteLength(cut) > bytesMax) cut = cut.slice(0, -1);
  return cut;
}
