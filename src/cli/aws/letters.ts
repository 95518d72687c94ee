import { text } from "node:stream/consumers";
import type { DeadLetter, DeadLetterPage } from "../../api/control/contract.js";
import { isPenstockError, PenstockError } from "../../core/errors.js";
import type { TableModel } from "../../definition/model.js";
import type { DeadLetterRow } from "../../delivery/dead-letter-file.js";
import type { ObjectInfo, ObjectStore } from "../../lake/object-store.js";
import { fixedFolder } from "../../lambda/folders.js";
import { text as literal } from "../../warehouse/redshift/steps.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import type { Deployment } from "./deployment.js";
import { letterId } from "./letter-identity.js";
import { openDeployment } from "./warehouse.js";

export interface LetterChoice {
  readonly table?: string;
  readonly code?: string;
  readonly limit: number;
  /** Go on behind this one: the `next` of the page before. */
  readonly after?: string;
}

/** So many of a table's objects are read for one list, the newest; a flood of dead letters must not be a flood of requests. */
const OBJECTS_MAX = 200;
/** A statement may have 100 KB, and an id 1 KB. */
const IDS_AT_ONCE = 60;

/**
 * Dead letters as the transform and Firehose wrote them under a table's error prefix: there from the moment that they exist, whether or not the warehouse
 * has them yet. A letter's id is its object's key and its line.
 */
export async function listLetters(
  deployment: Deployment,
  { table: chosen, code, limit, after }: LetterChoice,
): Promise<DeadLetterPage & { readonly skippedObjects: number }> {
  const tables = deployment.model.tables.filter(({ name }) => chosen === undefined || name === chosen);
  if (tables.length === 0) {
    throw new PenstockError("not-found", `The deployed pipeline has no table ${JSON.stringify(chosen)}.`, {
      hint: `It has ${deployment.model.tables.map(({ name }) => name).join(", ")}.`,
    });
  }
  const { lake, warehouse, close } = await openDeployment(deployment);
  try {
    const found: LakeLetter[] = [];
    let skippedObjects = 0;
    for (const table of tables) {
      const { deliver } = table;
      const objects = [...(await lake.list(fixedFolder(deliver.errorPrefix)))].sort(newestFirst);
      skippedObjects += Math.max(0, objects.length - OBJECTS_MAX);
      for (const { key } of objects.slice(0, OBJECTS_MAX)) {
        for (const letter of lettersOf(key, await text(await lake.get(key)), table)) {
          if (code === undefined || letter.code === code) found.push(letter);
        }
      }
    }
    const done = await redrivenOf(warehouse, deployment.ledgerSchema, found);
    const open = found.filter((letter) => !done.has(letter.warehouseId));
    // By their ids where they arrived together, so that one page goes on where the other ended.
    open.sort((a, b) => b.arrivedAtMs - a.arrivedAtMs || (a.id < b.id ? -1 : 1));
    const from = after === undefined ? 0 : open.findIndex(({ id }) => id === after) + 1;
    if (after !== undefined && from === 0) {
      throw new PenstockError("not-found", `There is no dead letter ${JSON.stringify(after)} to go on behind.`, {
        hint: "It may have been redriven, or lie beyond the newest objects: begin again without --after.",
      });
    }
    const page = open.slice(from, from + limit);
    const last = page.at(-1);
    const next = last === undefined || from + page.length >= open.length ? {} : { next: last.id };
    return { groups: groupsOf(open), letters: page.map(told), ...next, skippedObjects };
  } finally {
    close();
  }
}

export async function readLetter(deployment: Deployment, id: string): Promise<DeadLetter> {
  const [, key, line] = /^(.+)#(\d+)$/.exec(id) ?? [];
  const table = deployment.model.tables.find(({ deliver }) => key?.startsWith(fixedFolder(deliver.errorPrefix)));
  if (key === undefined || table === undefined) {
    throw new PenstockError("not-found", `There is no dead letter ${JSON.stringify(id)}.`, {
      hint: "`penstock errors list --aws` has their ids.",
    });
  }
  const { lake, warehouse, close } = await openDeployment(deployment);
  try {
    const letter = lettersOf(key, await text(await lake.get(key)), table).find((one) => one.id === id);
    if (letter !== undefined) {
      const done = await redrivenOf(warehouse, deployment.ledgerSchema, [letter]);
      return { ...told(letter), redriven: done.has(letter.warehouseId) };
    }
    throw new PenstockError("not-found", `${key} has no line ${line}.`, {
      hint: "`penstock errors list --aws` has the ids.",
    });
  } finally {
    close();
  }
}

/** By its object and line, as `list` has it, or by its id in `penstock.dead_letters`. */
export async function warehouseIdOf({ model }: Deployment, lake: ObjectStore, id: string): Promise<string> {
  const [, key] = /^(.+)#\d+$/.exec(id) ?? [];
  const table = model.tables.find(({ deliver }) => key?.startsWith(fixedFolder(deliver.errorPrefix)));
  if (key === undefined || table === undefined) return id;
  const letter = lettersOf(key, await text(await lake.get(key)), table).find((one) => one.id === id);
  if (letter !== undefined) return letter.warehouseId;
  throw new PenstockError("not-found", `There is no dead letter ${JSON.stringify(id)}.`, {
    hint: "`penstock errors list --aws` has their ids.",
  });
}

interface LakeLetter extends DeadLetter {
  readonly warehouseId: string;
}

function told({ warehouseId: _, ...letter }: LakeLetter): DeadLetter {
  return letter;
}

/** Which of them are redriven. None where the warehouse has no letters yet. */
async function redrivenOf(warehouse: Warehouse, schema: string, letters: readonly LakeLetter[]): Promise<Set<string>> {
  const done = new Set<string>();
  const ids = [...new Set(letters.map(({ warehouseId }) => warehouseId))];
  for (let first = 0; first < ids.length; first += IDS_AT_ONCE) {
    const some = ids.slice(first, first + IDS_AT_ONCE).map(literal);
    const sql = `SELECT id FROM "${schema}"."dead_letters" WHERE redriven_at IS NOT NULL AND id IN (${some.join(", ")})`;
    try {
      for (const [id] of (await warehouse.query(sql)).rows) done.add(String(id));
    } catch (error) {
      if (isPenstockError(error, "query-failed") && /does not exist/i.test(error.message)) return done;
      throw error;
    }
  }
  return done;
}

function newestFirst(a: ObjectInfo, b: ObjectInfo): number {
  return b.modifiedMs - a.modifiedMs;
}

function lettersOf(key: string, content: string, table: TableModel): LakeLetter[] {
  return content.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    // Firehose's own failures lack what ours tell beside them.
    const row = JSON.parse(line) as Partial<DeadLetterRow>;
    return [
      {
        id: `${key}#${index + 1}`,
        warehouseId: letterId(table, row),
        table: row.table ?? table.name,
        stream: row.stream ?? "",
        shardId: row.shardId ?? "",
        sequenceNumber: row.sequenceNumber ?? "",
        rowIndex: row.rowIndex ?? 0,
        arrivedAtMs: row.arrivalTimestamp ?? 0,
        code: row.code ?? row.errorCode ?? "unknown",
        column: row.column ?? null,
        message: row.errorMessage ?? "",
        rawBase64: row.rawData ?? "",
        redriven: false,
      },
    ];
  });
}

function groupsOf(letters: readonly DeadLetter[]): DeadLetterPage["groups"] {
  const groups = new Map<string, { table: string; code: string; column: string | null; count: number }>();
  for (const { table, code, column } of letters) {
    const id = JSON.stringify([table, code, column]);
    const group = groups.get(id) ?? { table, code, column, count: 0 };
    group.count++;
    groups.set(id, group);
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}
