/** COPY from a bucket: one transaction, all or nothing but for the rows that MAXERROR lets go. */
import type { BindContext } from "../binder/bound.js";
import { sqlErrorOf } from "../engine/engine-errors.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import type { Copy } from "../syntax/ast.js";
import { jsonShape } from "./json-shape.js";
import type { LoadError, LoadedFile, LoadRecord } from "./load-log.js";
import { type CopyOptions, copyOptions } from "./options.js";
import { planParquet } from "./parquet.js";
import type { LoadRun, LoadServices } from "./services.js";
import { type SourceObject, sourceObjects } from "./source.js";
import { type LoadTarget, loadTarget } from "./target.js";
import { loadText } from "./text.js";

export interface BoundCopy {
  readonly options: CopyOptions;
  readonly target: LoadTarget;
}

export function bindCopy(statement: Copy, context: BindContext): BoundCopy {
  const options = copyOptions(statement);
  return { options, target: loadTarget(statement.table, statement.columns, context, options) };
}

export interface CopyDone {
  readonly rows: number;
  readonly files: readonly LoadedFile[];
}

export interface CopyHow {
  /** A COPY JOB's run. */
  readonly job?: { readonly name: string; readonly objects: readonly SourceObject[] };
}

/** Answers the rows loaded. What went wrong is in the load log, whatever becomes of the transaction. */
export async function copyFrom(
  statement: Copy,
  bound: BoundCopy,
  run: LoadRun,
  services: LoadServices,
  how: CopyHow = {},
): Promise<CopyDone> {
  const { options, target } = bound;
  const { relation } = target;
  run.noteWrites([relation.oid]);
  const startedAtMs = services.clock.now();
  const tell = (outcome: Pick<LoadRecord, "status" | "rowsLoaded" | "message" | "files" | "errors">) =>
    services.log.load({
      queryId: run.queryId,
      transactionId: run.transactionId,
      processId: run.processId,
      user: run.context.user,
      database: run.context.database,
      sql: run.sql,
      table: { oid: relation.oid, schema: relation.schema, name: relation.name },
      source: statement.from,
      format: options.format.kind,
      compression: options.compression,
      ...(how.job === undefined ? {} : { copyJob: how.job.name }),
      startedAtMs,
      endedAtMs: services.clock.now(),
      ...outcome,
    });
  let outcome: LoadOutcome;
  let objects: readonly SourceObject[] = [];
  try {
    objects = how.job?.objects ?? (await sourceObjects(services.buckets, statement.from, options, statement.at));
    outcome = await load(bound, run, services, objects);
  } catch (error) {
    const known = sqlErrorOf(error, relation.name);
    await tell({ status: "failed", rowsLoaded: 0, message: known.message, files: filesOf(objects), errors: [] });
    throw known;
  }
  const { rows, files, errors, failed } = outcome;
  if (failed) {
    const refusal = loadFailed(relation.name, errors);
    await tell({ status: "failed", rowsLoaded: 0, message: refusal.message, files, errors });
    throw refusal;
  }
  run.atEnd((refusal) =>
    refusal === undefined
      ? tell({ status: "completed", rowsLoaded: rows, message: undefined, files, errors })
      : tell({ status: "failed", rowsLoaded: 0, message: refusal.message, files: filesOf(objects), errors }),
  );
  run.notice({
    severity: "INFO",
    message: `Load into table '${relation.name}' completed, ${rows} record(s) loaded successfully.`,
  });
  if (errors.length > 0) {
    run.notice({
      severity: "INFO",
      message: `Load into table '${relation.name}' completed, ${errors.length} record(s) could not be loaded.  Check 'stl_load_errors' system table for details.`,
    });
  }
  return { rows, files };
}

interface LoadOutcome {
  readonly rows: number;
  readonly files: readonly LoadedFile[];
  readonly errors: readonly LoadError[];
  readonly failed: boolean;
}

async function load(
  { options, target }: BoundCopy,
  run: LoadRun,
  services: LoadServices,
  objects: readonly SourceObject[],
): Promise<LoadOutcome> {
  const { format } = options;
  if (format.kind === "parquet") {
    const plan = await planParquet(run, target, objects, format);
    let rows = 0;
    for (const select of plan.selects)
      rows += (await run.connection.run(`${target.into} ${select}`, run.limit)).rowsChanged;
    const files = objects.map((object) => fileOf(object, plan.rows.get(object) ?? 0, 0));
    return { rows, files, errors: [], failed: false };
  }
  const recordFormat =
    format.kind === "json" ? await jsonShape(format.paths, target, services.buckets) : { text: format };
  const { rows, errors, read, failed } = await loadText(
    run,
    target,
    objects,
    recordFormat,
    options,
    services.referenceOnly,
  );
  return { rows, errors, failed, files: read.map(({ object, rowsRead, bad }) => fileOf(object, rowsRead, bad)) };
}

function fileOf({ url, sizeBytes }: SourceObject, rowsRead: number, bad: number): LoadedFile {
  return { url, sizeBytes, rowsRead, rowsLoaded: rowsRead - bad };
}

function filesOf(objects: readonly SourceObject[]): LoadedFile[] {
  return objects.map(({ url, sizeBytes }) => ({ url, sizeBytes, rowsRead: 0, rowsLoaded: 0 }));
}

function loadFailed(table: string, errors: readonly LoadError[]): SqlError {
  const [first] = errors;
  const where =
    first === undefined
      ? ""
      : `${first.url}, line ${first.line}${first.column === "" ? "" : `, column ${first.column}`}: `;
  return new SqlError(
    SQL_STATE.internalError,
    `Load into table '${table}' failed.  Check 'stl_load_errors' system table for details.`,
    {
      ...(first === undefined ? {} : { detail: `${where}${first.reason} (${first.code})` }),
    },
  );
}
