import { isPenstockError } from "../../core/errors.js";
import type { LoadMode, TableModel } from "../../definition/model.js";
import type { ObjectStore } from "../../lake/object-store.js";
import { lettersPrefix, tablePrefix } from "../../lambda/folders.js";
import { landingTable, MODE_PLACE } from "../../lambda/load-mode-ddl.js";
import { instant, lettersTable, name, ownTable, type RedshiftPlace, text } from "../../warehouse/redshift/steps.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { count, counted } from "../support/text.js";
import type { Deployment } from "./deployment.js";
import { type OpenDeployment, openDeployment } from "./warehouse.js";

export interface AwsAudit {
  readonly stackName: string;
  readonly tables: readonly TableAudit[];
  /** Objects, of rows and of dead letters, that should have been loaded by now and are not, and rows of other ways to load; of all tables. */
  readonly missing: number;
  /** Rows that the warehouse has more than once, by their identity, of tables that promise that there is none. */
  readonly duplicated: number;
}

export interface TableAudit {
  readonly name: string;
  readonly load: LoadMode;
  readonly objects: number;
  readonly loaded: number;
  readonly quarantined: number;
  /** Younger than the grace: on their way. */
  readonly pending: number;
  /** Objects; rows of the lake where Redshift loads by itself, and keeps no ledger for good. */
  readonly missing: number;
  /** Of the lake's objects, by the ledger; what the table shows where it has none. */
  readonly rowsLoaded: number;
  /** Dead letters, those that are still dead and those that were redriven, and the rows that came of these. */
  readonly deadLetters: number;
  readonly redriven: number;
  readonly rowsRedriven: number;
  /** Objects with dead letters that the loader should have brought by now. */
  readonly lettersMissing: number;
  readonly duplicated: number;
  /** The first of what is missing. */
  readonly missingKeys: readonly string[];
}

/** An object waits a minute to be gathered with others, then for its load, which is tried for up to an hour before it alarms. */
const GRACE_MS = 15 * 60_000;
const KEYS_SHOWN_MAX = 10;
const QUESTION_MS = 600_000;
const IDENTITY = ["_shard_id", "_sequence_number", "_row_index"];

interface Audited extends Pick<OpenDeployment, "lake" | "warehouse"> {
  readonly schema: string;
  readonly nowMs: number;
}

/** Every object of the lake against the ledger, every dead letter, and every row of the warehouse against its own identity. */
export async function auditDeployment(deployment: Deployment, nowMs: number): Promise<AwsAudit> {
  const { lake, warehouse, close } = await openDeployment(deployment);
  try {
    const audited: Audited = { lake, warehouse, schema: deployment.ledgerSchema, nowMs };
    const tables: TableAudit[] = [];
    for (const table of deployment.model.tables) {
      const rows = await (table.load === undefined ? copiedRows : otherRows)(audited, table);
      tables.push({ name: table.name, load: table.load ?? "copy", ...rows, ...(await lettersOf(audited, table)) });
    }
    return {
      stackName: deployment.stackName,
      tables,
      missing: tables.reduce((total, { missing, lettersMissing }) => total + missing + lettersMissing, 0),
      duplicated: tables.reduce((total, { load, duplicated }) => total + (load === "copy" ? duplicated : 0), 0),
    };
  } finally {
    close();
  }
}

type RowCounts = Pick<
  TableAudit,
  "objects" | "loaded" | "quarantined" | "pending" | "missing" | "rowsLoaded" | "duplicated" | "missingKeys"
>;

async function copiedRows({ lake, warehouse, nowMs }: Audited, table: TableModel): Promise<RowCounts> {
  const held = await heldAgainstLedger(lake, warehouse, table.name, tablePrefix(table), nowMs);
  const { objects, entries, absent, missing } = held;
  const loaded = entries.filter(({ status }) => status === "loaded");
  return {
    objects,
    loaded: loaded.length,
    quarantined: entries.length - loaded.length,
    pending: absent - missing.length,
    missing: missing.length,
    rowsLoaded: loaded.reduce((sum, { loadedRows }) => sum + loadedRows, 0),
    duplicated: loaded.length === 0 ? 0 : await duplicatedRows(warehouse, table.name),
    missingKeys: missing.slice(0, KEYS_SHOWN_MAX),
  };
}

/**
 * Redshift forgets what its own ways have loaded after some days, so that no ledger can be asked: the rows are, of which each that the lake has had for long
 * enough must be in the table. What is read in place is there by being in the lake.
 */
async function otherRows({ lake, warehouse, nowMs }: Audited, table: TableModel): Promise<RowCounts> {
  const objects = (await lake.list(tablePrefix(table))).filter(({ sizeBytes }) => sizeBytes > 0).length;
  const shown = `public.${name(table.name)}`;
  const rowsLoaded = await numberOf(warehouse, `SELECT COUNT(*) FROM ${shown}`);
  let missing = 0;
  if (table.load !== "external") {
    const before = instant(nowMs - GRACE_MS - table.deliver.bufferMs);
    const same = IDENTITY.map((column) => `t.${column} = l.${column}`).join(" AND ");
    missing = await numberOf(
      warehouse,
      `SELECT COUNT(*) FROM ${name(MODE_PLACE.lake)}.${name(table.name)} l LEFT JOIN ${shown} t ON ${same} WHERE t._shard_id IS NULL AND l._arrived_at < ${before}`,
    );
  }
  const duplicated = await duplicatedRows(warehouse, table.name);
  return { objects, loaded: objects, quarantined: 0, pending: 0, missing, rowsLoaded, duplicated, missingKeys: [] };
}

async function lettersOf({ lake, warehouse, schema, nowMs }: Audited, table: TableModel) {
  const place: RedshiftPlace = { schema, tables: "public", sequence: "service" };
  const { missing } = await heldAgainstLedger(lake, warehouse, table.name, lettersPrefix(table), nowMs);
  const of = `FROM ${lettersTable(place)} WHERE table_name = ${text(table.name)} AND redriven_at IS`;
  const into = table.load === "auto-copy" ? landingTable(table) : table.name;
  return {
    deadLetters: await numberOf(warehouse, `SELECT COUNT(*) ${of} NULL`),
    redriven: await numberOf(warehouse, `SELECT COUNT(*) ${of} NOT NULL`),
    // Rows of an external table's letters are the lake's, and counted among them.
    rowsRedriven: await numberOf(
      warehouse,
      `SELECT NVL(SUM(loaded_rows), 0) FROM ${ownTable(place, "loads", into)} WHERE whole AND object_key LIKE 'redrive/%'`,
    ),
    lettersMissing: missing.length,
  };
}

async function heldAgainstLedger(
  lake: ObjectStore,
  warehouse: Warehouse,
  target: string,
  prefix: string,
  nowMs: number,
) {
  const objects = (await lake.list(prefix)).filter(({ sizeBytes }) => sizeBytes > 0);
  const keys = objects.map(({ key }) => key);
  const ledger = await warehouse.ledger(target, keys);
  const absent = objects.filter(({ key }) => !ledger.has(key));
  const missing = absent.filter(({ modifiedMs }) => nowMs - modifiedMs > GRACE_MS).map(({ key }) => key);
  const entries = keys.flatMap((key) => ledger.get(key) ?? []);
  return { objects: objects.length, entries, absent: absent.length, missing };
}

async function duplicatedRows(warehouse: Warehouse, table: string): Promise<number> {
  return await numberOf(
    warehouse,
    `SELECT COALESCE(SUM(copies - 1), 0) FROM (SELECT COUNT(*) AS copies FROM public.${name(table)} GROUP BY ${IDENTITY.join(", ")} HAVING COUNT(*) > 1) d`,
  );
}

/** Zero where what is asked has not been made yet: the first migration is still to come. */
async function numberOf(warehouse: Warehouse, sql: string): Promise<number> {
  try {
    return Number((await warehouse.query(sql, { timeoutMs: QUESTION_MS })).rows[0]?.[0] ?? 0);
  } catch (error) {
    if (isPenstockError(error, "query-failed") && /does not exist/i.test(error.message)) return 0;
    throw error;
  }
}

export function auditText(report: AwsAudit, textTable: typeof import("../support/table.js").textTable): string {
  const rows = report.tables.map((table) => [table.name, ...COLUMNS.map(([, field]) => count(table[field]))]);
  const unruly = report.tables.filter(({ load, duplicated }) => load !== "copy" && duplicated > 0);
  return [
    textTable(["TABLE", ...COLUMNS.map(([title]) => title)], rows, [false, ...COLUMNS.map(() => true)]),
    "",
    ...report.tables.flatMap((table) => trouble(table)),
    ...unruly.map(
      ({ name: table, load, duplicated }) =>
        `${table} has ${counted(duplicated, "row")} more than once, which load: "${load}" does not rule out.`,
    ),
    report.missing === 0 && report.duplicated === 0
      ? "Everything in the lake is accounted for, and no row that must not be is there twice."
      : `NOT as it should be: ${count(report.missing)} missing, ${count(report.duplicated)} rows there more than once.`,
  ].join("\n");
}

const COLUMNS = [
  ["OBJECTS", "objects"],
  ["LOADED", "loaded"],
  ["QUARANTINED", "quarantined"],
  ["PENDING", "pending"],
  ["MISSING", "missing"],
  ["ROWS", "rowsLoaded"],
  ["DEAD", "deadLetters"],
  ["REDRIVEN", "redriven"],
  ["THEIR ROWS", "rowsRedriven"],
  ["DUPLICATED", "duplicated"],
] as const;

function trouble({ name: table, load, missing, missingKeys, lettersMissing }: TableAudit): string[] {
  const letters =
    lettersMissing === 0
      ? []
      : [
          `${table} lacks the dead letters of ${counted(lettersMissing, "object")}: the loader's sweep brings them, every half hour.`,
        ];
  if (missing === 0) return letters;
  if (load !== "copy") {
    return [`${table} lacks ${counted(missing, "row")} that the lake has: docs/runbook.md, CopiesFailed.`, ...letters];
  }
  return [
    ...missingKeys.map((key) => `${table} lacks ${key}`),
    ...(missing > missingKeys.length ? [`${table} lacks ${count(missing - missingKeys.length)} more`] : []),
    `\`penstock replay ${table} --aws\` hands them to the loader again.`,
    ...letters,
  ];
}
