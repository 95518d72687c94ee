/** Events of new objects into executions of the load's state machine: one manifest, one list of statements, one name that follows from the keys. */
import { createHash } from "node:crypto";
import type { TableModel } from "../definition/model.js";
import { loadStatements } from "./load-sql.js";

export interface NewObject {
  readonly bucket: string;
  readonly key: string;
  readonly sizeBytes: number;
}

export interface LoadExecution {
  readonly table: string;
  /** The same for the same objects, so that a message that comes again starts nothing. */
  readonly name: string;
  readonly manifestKey: string;
  readonly manifest: string;
  /** For the state machine: each list is one transaction. */
  readonly input: { readonly table: string; readonly transactions: readonly { readonly sqls: readonly string[] }[] };
}

/** The ledger names every key in one statement, and a statement may have 100 KB. */
export const KEYS_MAX = 64;

/** An S3 event as EventBridge sends it, the body of a message of the queue; undefined for any other text. */
export function newObjectOf(body: string): NewObject | undefined {
  const detail = (JSON.parse(body) as { detail?: Record<string, Record<string, unknown>> }).detail;
  const { name } = detail?.bucket ?? {};
  const { key, size } = detail?.object ?? {};
  if (typeof name !== "string" || typeof key !== "string" || typeof size !== "number") return undefined;
  return { bucket: name, key, sizeBytes: size };
}

/** The fixed folders that a table's objects lie under. */
export function tablePrefix(table: TableModel): string {
  const literal = table.deliver.prefix.split("!{")[0]!;
  return literal.slice(0, literal.lastIndexOf("/") + 1);
}

export function planLoads(
  tables: readonly TableModel[],
  objects: readonly NewObject[],
  roleArn: string,
): readonly LoadExecution[] {
  return tables.flatMap((table) => {
    const prefix = tablePrefix(table);
    const own = new Map(objects.filter(({ key }) => key.startsWith(prefix)).map((object) => [object.key, object]));
    const sorted = [...own.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
    const executions: LoadExecution[] = [];
    for (let first = 0; first < sorted.length; first += KEYS_MAX) {
      executions.push(execution(table, sorted.slice(first, first + KEYS_MAX), roleArn));
    }
    return executions;
  });
}

function execution(table: TableModel, objects: readonly NewObject[], roleArn: string): LoadExecution {
  const keys = objects.map(({ key }) => key);
  const digest = createHash("sha256").update(JSON.stringify(keys)).digest("hex").slice(0, 32);
  const bucket = objects[0]!.bucket;
  const manifestKey = `loads/${table.name}/${digest}.json`;
  const manifest = JSON.stringify({
    entries: objects.map(({ key, sizeBytes }) => ({
      url: `s3://${bucket}/${key}`,
      mandatory: true,
      meta: { content_length: sizeBytes },
    })),
  });
  const { prepare, load } = loadStatements(table, { manifestUrl: `s3://${bucket}/${manifestKey}`, roleArn, keys });
  return {
    table: table.name,
    // A name of an execution may have 80 characters.
    name: `${table.name.slice(0, 40)}-${digest}`,
    manifestKey,
    manifest,
    input: { table: table.name, transactions: [{ sqls: prepare }, { sqls: load }] },
  };
}
