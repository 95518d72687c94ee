import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import { PenstockError } from "../../core/errors.js";
import type { TableModel } from "../../definition/model.js";
import type { LakeObject } from "../../delivery/flush.js";
import type { ObjectInfo, ObjectStore } from "../../lake/object-store.js";
import { EXECUTION_OBJECTS_MAX } from "../../lambda/load-batch.js";
import { preflight } from "../../warehouse/redshift/preflight.js";
import { formatOf } from "../../warehouse/redshift/sources.js";
import { SOURCES_MAX } from "../../warehouse/redshift/statements.js";
import { AWS_PLACE } from "../../warehouse/redshift/steps.js";
import type { Deployment } from "./deployment.js";
import { objectsOf, type ReplayRange, tableOf } from "./replay.js";
import { openDeployment } from "./warehouse.js";

export interface ShadowReplay {
  readonly table: string;
  readonly into: string;
  readonly objects: number;
  readonly bytes: number;
  readonly rowsLoaded: number;
  /** Rows that an object before them has brought, since delivery to the lake is at least once; those that `dedupe` left out too. */
  readonly rowsSkipped: number;
  /** Loaded by a replay before this one. */
  readonly objectsAlready: number;
  readonly dryRun: boolean;
}

const DEADLINE_MS = 1_800_000;

/**
 * The lake's objects into another table, made if absent: loaded from here by the loader's own statements, under a ledger of the shadow's own. So each
 * object is loaded once, however often the replay breaks off and is begun again.
 */
export async function replayIntoShadow(
  deployment: Deployment,
  tableName: string,
  { into, sinceMs, untilMs, dryRun }: ReplayRange & { readonly into: string },
  onProgress: (done: number, total: number) => void,
): Promise<ShadowReplay> {
  const table = tableOf(deployment, tableName);
  if (deployment.model.tables.some(({ name }) => name === into)) {
    throw new PenstockError("invalid-argument", `"${into}" is a table of the pipeline, which has its own records.`, {
      hint: "Give the shadow a name of its own; without --into, the loader loads what the table lacks.",
    });
  }
  if (!/^[a-z_][a-z0-9_]{0,126}$/.test(into)) {
    throw new PenstockError("invalid-argument", `${JSON.stringify(into)} cannot be a table's name.`, {
      hint: "Small letters, digits and underscores; a letter first.",
    });
  }
  const { lake, warehouse, close } = await openDeployment(deployment, { manifestFolder: `${tableName}/` });
  try {
    const objects = await objectsOf(lake, table, { sinceMs, untilMs });
    const bytes = objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const sum = { rowsLoaded: 0, rowsSkipped: 0, objectsAlready: 0 };
    if (!dryRun) {
      await warehouse.applyTable(table, { as: into });
      const most = table.deliver.fileFormat === "parquet" ? EXECUTION_OBJECTS_MAX : SOURCES_MAX;
      for (let first = 0; first < objects.length; first += most) {
        const some = await Promise.all(
          objects.slice(first, first + most).map((object) => lakeObject(lake, table, object)),
        );
        const report = await warehouse.load({ table, target: into, objects: some, deadlineMs: DEADLINE_MS });
        for (const { loadedRows, dedupedRows } of report.loaded) {
          sum.rowsLoaded += loadedRows;
          sum.rowsSkipped += dedupedRows;
        }
        sum.objectsAlready += report.already.length;
        onProgress(first + some.length, objects.length);
      }
    }
    return { table: tableName, into, objects: objects.length, bytes, ...sum, dryRun };
  } finally {
    close();
  }
}

/** Firehose counts no rows: Parquet says them in its footer, of JSON they are its lines. */
async function lakeObject(
  lake: Pick<ObjectStore, "get">,
  table: TableModel,
  { key, sizeBytes }: ObjectInfo,
): Promise<LakeObject> {
  const object = { key, kind: "rows" as const, flush: 0, schemaVersion: 1, sizeBytes };
  const [looked] = await preflight(lake, table, [{ ...object, rows: undefined }], AWS_PLACE);
  const rows = looked?.object.rows ?? (await linesOf(lake, table, key));
  return { ...object, table: table.name, rows };
}

async function linesOf(lake: Pick<ObjectStore, "get">, table: TableModel, key: string): Promise<number> {
  const content = await lake.get(key);
  const zipped = formatOf({ key, kind: "rows" }, table).compression === "gzip";
  let lines = 0;
  for await (const line of createInterface({ input: zipped ? content.pipe(createGunzip()) : content })) {
    if (line !== "") lines++;
  }
  return lines;
}
