import { text } from "node:stream/consumers";
import type { DeadLetter, DeadLetterPage } from "../../api/control/contract.js";
import { PenstockError } from "../../core/errors.js";
import type { DeadLetterRow } from "../../delivery/dead-letter-file.js";
import type { ObjectInfo } from "../../lake/object-store.js";
import type { Deployment } from "./deployment.js";
import { fixedFolder, openDeployment } from "./warehouse.js";

export interface LetterChoice {
  readonly table?: string;
  readonly code?: string;
  readonly limit: number;
}

/** So many of a table's objects are read for one list, the newest; a flood of dead letters must not be a flood of requests. */
const OBJECTS_MAX = 200;

/**
 * Dead letters as the transform and Firehose wrote them under a table's error prefix: there from the moment that they exist, whether or not the warehouse
 * has them yet. A letter's id is its object's key and its line.
 */
export async function listLetters(
  deployment: Deployment,
  { table, code, limit }: LetterChoice,
): Promise<DeadLetterPage & { readonly skippedObjects: number }> {
  const tables = deployment.model.tables.filter(({ name }) => table === undefined || name === table);
  if (tables.length === 0) {
    throw new PenstockError("not-found", `The deployed pipeline has no table ${JSON.stringify(table)}.`, {
      hint: `It has ${deployment.model.tables.map(({ name }) => name).join(", ")}.`,
    });
  }
  const { lake, close } = await openDeployment(deployment);
  try {
    const found: DeadLetter[] = [];
    let skippedObjects = 0;
    for (const { name, deliver } of tables) {
      const objects = [...(await lake.list(fixedFolder(deliver.errorPrefix)))].sort(newestFirst);
      skippedObjects += Math.max(0, objects.length - OBJECTS_MAX);
      for (const { key } of objects.slice(0, OBJECTS_MAX)) {
        for (const letter of lettersOf(key, await text(await lake.get(key)), name)) {
          if (code === undefined || letter.code === code) found.push(letter);
        }
      }
    }
    found.sort((a, b) => b.arrivedAtMs - a.arrivedAtMs);
    return { groups: groupsOf(found), letters: found.slice(0, limit), skippedObjects };
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
  const { lake, close } = await openDeployment(deployment);
  try {
    const letter = lettersOf(key, await text(await lake.get(key)), table.name).find((one) => one.id === id);
    if (letter !== undefined) return letter;
    throw new PenstockError("not-found", `${key} has no line ${line}.`, {
      hint: "`penstock errors list --aws` has the ids.",
    });
  } finally {
    close();
  }
}

function newestFirst(a: ObjectInfo, b: ObjectInfo): number {
  return b.modifiedMs - a.modifiedMs;
}

function lettersOf(key: string, content: string, table: string): DeadLetter[] {
  return content.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    // Firehose's own failures lack what ours tell beside them.
    const row = JSON.parse(line) as Partial<DeadLetterRow>;
    return [
      {
        id: `${key}#${index + 1}`,
        table: row.table ?? table,
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
