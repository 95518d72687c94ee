/** Events of new objects into executions of the load's state machine: manifests, lists of statements, one name that follows from the keys. */
import { createHash } from "node:crypto";
import type { TableModel } from "../definition/model.js";
import {
  AWS_PLACE,
  manifestText,
  planLoad,
  planSources,
  prepareSteps,
  SOURCES_MAX,
  type Step,
} from "../warehouse/redshift/statements.js";

export interface NewObject {
  readonly bucket: string;
  readonly key: string;
  readonly sizeBytes: number;
}

export interface LoadExecution {
  readonly table: string;
  /** The same for the same objects, so that a message that comes again starts nothing. */
  readonly name: string;
  /** To be written before the execution starts. */
  readonly manifests: readonly { readonly key: string; readonly body: string }[];
  /** For the state machine: each list is one transaction. */
  readonly input: { readonly table: string; readonly transactions: readonly { readonly sqls: readonly string[] }[] };
}

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
    for (let first = 0; first < sorted.length; first += SOURCES_MAX) {
      executions.push(execution(table, sorted.slice(first, first + SOURCES_MAX), roleArn));
    }
    return executions;
  });
}

function execution(table: TableModel, objects: readonly NewObject[], roleArn: string): LoadExecution {
  const keys = objects.map(({ key }) => key);
  const digest = createHash("sha256").update(JSON.stringify(keys)).digest("hex").slice(0, 32);
  const bucket = objects[0]!.bucket;
  const looked = objects.map(({ key, sizeBytes }) => ({
    // Whoever sends the event has not counted the rows, and Firehose knows no flush.
    object: { key, sizeBytes, kind: "rows" as const, flush: 0, schemaVersion: 1, rows: undefined },
  }));
  const sources = planSources(table, looked, "checked").map((source, at) => {
    const manifestKey = `loads/${table.name}/${digest}-${at + 1}.json`;
    return { ...source, manifestKey, manifestUrl: `s3://${bucket}/${manifestKey}` };
  });
  const load = planLoad({
    table,
    target: table.name,
    place: AWS_PLACE,
    loadId: digest,
    iamRole: roleArn,
    sources,
    mode: "checked",
    // An object may come again in other company: then its rows are there, and are passed over one by one.
    skipExisting: true,
  });
  const transaction = (steps: readonly Step[]) => ({ sqls: steps.map(({ sql }) => sql) });
  return {
    table: table.name,
    // A name of an execution may have 80 characters.
    name: `${table.name.slice(0, 40)}-${digest}`,
    manifests: sources.map(({ manifestKey, objects: own }) => ({ key: manifestKey, body: manifestText(bucket, own) })),
    input: { table: table.name, transactions: [transaction(prepareSteps(table, AWS_PLACE)), transaction(load)] },
  };
}
