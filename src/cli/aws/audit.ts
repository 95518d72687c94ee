import { fixedFolder } from "../../lambda/folders.js";
import { count } from "../support/text.js";
import type { Deployment } from "./deployment.js";
import { openDeployment } from "./warehouse.js";

export interface AwsAudit {
  readonly stackName: string;
  readonly tables: readonly TableAudit[];
  /** Objects that should have been loaded by now and are not, of all tables. */
  readonly missing: number;
  /** Rows that the warehouse has more than once, by their identity. */
  readonly duplicated: number;
}

export interface TableAudit {
  readonly name: string;
  readonly objects: number;
  readonly loaded: number;
  readonly quarantined: number;
  /** Younger than the grace: on their way. */
  readonly pending: number;
  readonly missing: number;
  readonly rowsLoaded: number;
  readonly duplicated: number;
  /** The first of what is missing. */
  readonly missingKeys: readonly string[];
}

/** An object waits a minute to be gathered with others, then for its load, which is tried for up to an hour before it alarms. */
const GRACE_MS = 15 * 60_000;
const KEYS_SHOWN_MAX = 10;

/** Every object of the lake against the ledger, and every row of the warehouse against its own identity. */
export async function auditDeployment(deployment: Deployment, nowMs: number): Promise<AwsAudit> {
  const { lake, warehouse, close } = await openDeployment(deployment);
  try {
    const tables: TableAudit[] = [];
    for (const { name, deliver } of deployment.model.tables) {
      const objects = (await lake.list(fixedFolder(deliver.prefix))).filter(({ sizeBytes }) => sizeBytes > 0);
      const keys = objects.map(({ key }) => key);
      const ledger = await warehouse.ledger(name, keys);
      const entries = keys.flatMap((key) => ledger.get(key) ?? []);
      const absent = objects.filter(({ key }) => !ledger.has(key));
      const missing = absent.filter(({ modifiedMs }) => nowMs - modifiedMs > GRACE_MS);
      const loaded = entries.filter(({ status }) => status === "loaded");
      tables.push({
        name,
        objects: objects.length,
        loaded: loaded.length,
        quarantined: entries.length - loaded.length,
        pending: absent.length - missing.length,
        missing: missing.length,
        rowsLoaded: loaded.reduce((sum, { loadedRows }) => sum + loadedRows, 0),
        duplicated: loaded.length === 0 ? 0 : await duplicatedRows(warehouse, name),
        missingKeys: missing.slice(0, KEYS_SHOWN_MAX).map(({ key }) => key),
      });
    }
    const sum = (field: "missing" | "duplicated") => tables.reduce((total, table) => total + table[field], 0);
    return { stackName: deployment.stackName, tables, missing: sum("missing"), duplicated: sum("duplicated") };
  } finally {
    close();
  }
}

async function duplicatedRows(warehouse: Awaited<ReturnType<typeof openDeployment>>["warehouse"], table: string) {
  const identity = "_shard_id, _sequence_number, _row_index";
  const { rows } = await warehouse.query(
    `SELECT COALESCE(SUM(copies - 1), 0) FROM (SELECT COUNT(*) AS copies FROM public."${table}" GROUP BY ${identity} HAVING COUNT(*) > 1) d`,
    { timeoutMs: 600_000 },
  );
  return Number(rows[0]?.[0] ?? 0);
}

export function auditText(report: AwsAudit, textTable: typeof import("../support/table.js").textTable): string {
  const rows = report.tables.map((table) => [
    table.name,
    count(table.objects),
    count(table.loaded),
    count(table.quarantined),
    count(table.pending),
    count(table.missing),
    count(table.rowsLoaded),
    count(table.duplicated),
  ]);
  const head = ["TABLE", "OBJECTS", "LOADED", "QUARANTINED", "PENDING", "MISSING", "ROWS", "DUPLICATED"];
  return [
    textTable(head, rows, [false, ...head.slice(1).map(() => true)]),
    "",
    ...report.tables.flatMap(({ name, missing, missingKeys }) => [
      ...missingKeys.map((key) => `${name} lacks ${key}`),
      ...(missing > missingKeys.length ? [`${name} lacks ${count(missing - missingKeys.length)} more`] : []),
      ...(missing > 0 ? [`\`penstock replay ${name} --aws\` hands them to the loader again.`] : []),
    ]),
    report.missing === 0 && report.duplicated === 0
      ? "Every object of the lake is accounted for, and no row is there twice."
      : `NOT as it should be: ${count(report.missing)} objects missing, ${count(report.duplicated)} rows there more than once.`,
  ].join("\n");
}
