/** Where the rows of redriven letters go, by their table's way to load, and how the letters are marked. */
import { PenstockError } from "../../core/errors.js";
import type { TableModel } from "../../definition/model.js";
import type { LakeObject } from "../../delivery/flush.js";
import type { ObjectStore } from "../../lake/object-store.js";
import { redrivePrefix } from "../../lambda/folders.js";
import { landingModel } from "../../lambda/load-mode-ddl.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import type { Deployment } from "./deployment.js";
import { digestOf, type Redriven, type RedriveTarget } from "./redriven.js";
import { openDeployment } from "./warehouse.js";

interface Opened {
  readonly lake: ObjectStore;
  readonly warehouse: Warehouse;
}

const DEADLINE_MS = 600_000;

/** Why letters of such a table cannot be redriven; undefined where they can. */
export function refusalOf({ load, sources }: TableModel): string | undefined {
  if (load !== "streaming") return undefined;
  return `Redshift reads the stream ${sources[0]} by itself, and its rows come in no other way: put the record again, as it should be (\`penstock errors show ID --aws --raw\` has its bytes).`;
}

export async function redriveTarget(
  deployment: Deployment,
  table: TableModel,
  { lake, warehouse }: Opened,
): Promise<RedriveTarget> {
  if (table.load === "external") {
    const { lakeTarget } = await import("./redrive-lake.js");
    return lakeTarget(deployment, table, { lake, warehouse });
  }
  if (table.load === undefined)
    return { load: (rows) => loadRows({ lake, warehouse }, table, table, rows), close() {} };
  // Where the COPY JOB loads into; its view shows them as it shows the job's.
  const landing = landingModel(table);
  const opened = await openDeployment(deployment, {
    manifestFolder: `${table.name}/`,
    tablesSchema: deployment.ledgerSchema,
  });
  return { load: (rows) => loadRows(opened, table, landing, rows), close: opened.close };
}

/**
 * One object, one load: the transaction fails where one of the letters is no longer dead, drops rows whose identity the target has, and marks the
 * letters.
 */
async function loadRows(
  { lake, warehouse }: Opened,
  table: TableModel,
  into: TableModel,
  { rows, ids, edited, dryRun }: Redriven,
): Promise<number> {
  const objects: LakeObject[] = [];
  if (rows.length > 0) {
    const lines = rows.map(({ line }) => `${line}\n`);
    const key = `${redrivePrefix(table)}${digestOf(ids, edited, lines)}${dryRun ? "-preview" : ""}.json`;
    const { sizeBytes } = await lake.put(key, Buffer.from(lines.join("")));
    objects.push({ key, kind: "rows", table: table.name, flush: 0, schemaVersion: 1, rows: lines.length, sizeBytes });
  }
  try {
    // Commit point: the load. Before: an object that no ledger names; the same choice writes it again. After: rows and marks.
    const report = await warehouse.load({
      table: into,
      target: into.name,
      objects,
      deadlineMs: DEADLINE_MS,
      skipExisting: true,
      redriven: ids,
      edited,
      dryRun,
    });
    return report.loaded.reduce((total, entry) => total + entry.loadedRows, 0);
  } finally {
    if (dryRun) for (const { key } of objects) await lake.delete(key);
  }
}

/** The table with its function, which the stored definition does not hold: from the file that was deployed, if it is here. */
export async function withTransform(
  deployment: Deployment,
  table: TableModel,
  definition: string | undefined,
  workingDirectory: string,
): Promise<TableModel> {
  if (!deployment.transforms.includes(table.name)) return table;
  const [{ resolve }, { findDefinition, loadDefinition }, { digestOf: modelDigest }] = await Promise.all([
    import("node:path"),
    import("../../definition/load.js"),
    import("../../definition/version.js"),
  ]);
  const hint = `Give the file that was deployed: --definition FILE. The records of "${table.name}" go through a function of it, which the deployment's own template does not hold.`;
  let file: string;
  try {
    file = findDefinition(resolve(workingDirectory, definition ?? "."));
  } catch (cause) {
    if (definition !== undefined) throw cause;
    throw new PenstockError("invalid-argument", `The transform of "${table.name}" is not at hand.`, { hint, cause });
  }
  const model = await loadDefinition(file);
  if (modelDigest(model) !== modelDigest(deployment.model)) {
    throw new PenstockError(
      "refused",
      `${file} is not the definition that ${deployment.stackName} was deployed from.`,
      {
        hint: `${hint} \`penstock plan\` shows the difference; \`penstock apply\` deploys it.`,
      },
    );
  }
  return model.tables.find(({ name }) => name === table.name) ?? table;
}
