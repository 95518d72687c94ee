import { isPenstockError, PenstockError } from "../../core/errors.js";
import { lettersTable, name, ownTable, type RedshiftPlace, text } from "../../warehouse/redshift/steps.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import { plain } from "../support/text.js";
import type { Deployment } from "./deployment.js";
import { openDeployment } from "./warehouse.js";

export interface AwsTrace {
  readonly sequenceNumber: string;
  readonly found: boolean;
  readonly tables: readonly { readonly table: string; readonly rows: readonly AwsTracedRow[] }[];
}

interface AwsTracedRow {
  readonly shardId: string;
  readonly rowIndex: number;
  readonly outcome: "loaded" | "dead" | "deduped";
  /** A dead letter's, or the one that a row left out was in. */
  readonly object?: string;
  readonly reason?: string;
}

/**
 * Where a record went, by what the warehouse has of it. Rows do not name their object on AWS, and identities of filtered rows are kept nowhere:
 * a record that is found nowhere was filtered, or is on its way.
 */
export async function traceOnAws(deployment: Deployment, sequence: string, stream?: string): Promise<AwsTrace> {
  if (!/^[0-9a-f]{1,128}$/.test(sequence)) {
    throw new PenstockError("invalid-argument", `${JSON.stringify(sequence)} is no sequence number.`, {
      hint: "Give it as PutRecord answered it; on AWS no shorter count is known.",
    });
  }
  const tables = deployment.model.tables.filter(({ sources }) => stream === undefined || sources.includes(stream));
  const { warehouse, close } = await openDeployment(deployment);
  const place: RedshiftPlace = { schema: deployment.ledgerSchema, tables: "public", sequence: "service" };
  try {
    const traced: { table: string; rows: AwsTracedRow[] }[] = [];
    for (const { name: table, load } of tables) {
      const ours = load === undefined;
      const where = `sequence_number = ${text(sequence)}`;
      const loaded = await rowsOf(
        warehouse,
        `SELECT _shard_id, _row_index FROM public.${name(table)} WHERE _${where} ORDER BY 1, 2`,
      );
      const deduped = await rowsOf(
        warehouse,
        `SELECT shard_id, row_index, object_key, action FROM ${ownTable(place, "deduped", table)} WHERE ${where} ORDER BY 1, 2`,
      );
      const dead = await rowsOf(
        warehouse,
        `SELECT shard_id, row_index, object_key, error_code, error_message FROM ${lettersTable(place)}
          WHERE table_name = ${text(table)} AND redriven_at IS NULL AND ${where} ORDER BY 1, 2`,
      );
      const rows = [
        ...loaded.map((row): AwsTracedRow => ({ ...identityOf(row), outcome: "loaded" })),
        ...(ours ? deduped : []).map(
          (row): AwsTracedRow => ({
            ...identityOf(row),
            outcome: "deduped",
            ...objectOf(row[2]),
            reason: String(row[3]),
          }),
        ),
        ...dead.map(
          (row): AwsTracedRow => ({
            ...identityOf(row),
            outcome: "dead",
            ...objectOf(row[2]),
            reason: `${row[3]}: ${row[4]}`,
          }),
        ),
      ];
      traced.push({ table, rows });
    }
    return { sequenceNumber: sequence, found: traced.some(({ rows }) => rows.length > 0), tables: traced };
  } finally {
    close();
  }
}

const identityOf = (row: readonly unknown[]) => ({ shardId: String(row[0]), rowIndex: Number(row[1]) });

const objectOf = (key: unknown) => (key === null ? {} : { object: String(key) });

/** None where a table has not been made: Redshift loads some by itself, and then ours are not there. */
async function rowsOf(warehouse: Warehouse, sql: string): Promise<readonly (readonly unknown[])[]> {
  try {
    return (await warehouse.query(sql)).rows;
  } catch (error) {
    if (isPenstockError(error, "query-failed") && /does not exist/i.test(error.message)) return [];
    throw error;
  }
}

export function traceText({ sequenceNumber, found, tables }: AwsTrace): string {
  if (!found) {
    return `The warehouse has nothing of the record ${sequenceNumber}: it was never put, is on its way, or was filtered by every table's \`where\`.`;
  }
  return [
    `record ${sequenceNumber}`,
    ...tables.flatMap(({ table, rows }) => [
      `${table}:${rows.length === 0 ? " nothing: on its way, or filtered" : ""}`,
      ...rows.map(
        ({ shardId, rowIndex, outcome, reason, object }) =>
          `  ${shardId}, row ${rowIndex} ${outcome}${reason === undefined ? "" : `: ${plain(reason)}`}${object === undefined ? "" : `\n    object ${object}`}`,
      ),
    ]),
  ].join("\n");
}
