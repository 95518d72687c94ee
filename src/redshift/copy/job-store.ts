/** COPY's jobs as they are stored: what they load, and which files they have seen. */
import { textLiteral } from "../sql-text.js";

export interface StoredJob {
  readonly id: number;
  readonly name: string;
  readonly user: string;
  readonly database: string;
  readonly table: { readonly schema: string; readonly name: string };
  readonly source: string;
  readonly sql: string;
  readonly auto: boolean;
  readonly createdAtMs: number;
}

export type ReadRows = (sql: string) => Promise<readonly (readonly unknown[])[]>;

export async function readJobs(rows: ReadRows, name?: string): Promise<StoredJob[]> {
  const where = name === undefined ? "" : ` WHERE name = ${textLiteral(name)}`;
  const found = await rows(
    `SELECT job_id::DOUBLE, name, user_name, database_name, table_schema, table_name, source, query_text, auto, epoch_ms(created_at)::DOUBLE
     FROM penstock_catalog.copy_jobs${where} ORDER BY name`,
  );
  return found.map((row) => ({
    id: Number(row[0]),
    name: String(row[1]),
    user: String(row[2]),
    database: String(row[3]),
    table: { schema: String(row[4]), name: String(row[5]) },
    source: String(row[6]),
    sql: String(row[7]),
    auto: row[8] === true,
    createdAtMs: Number(row[9]),
  }));
}

/** URLs by what became of them. */
export async function readJobFiles(rows: ReadRows, jobId: number): Promise<Map<string, string>> {
  const found = await rows(`SELECT url, status FROM penstock_catalog.copy_job_files WHERE job_id = ${jobId}`);
  return new Map(found.map(([url, status]) => [String(url), String(status)]));
}
