/**
 * The load as one fixed list of statements. `planLoad` writes it; nothing here asks a warehouse anything.
 *
 *     lock the target's turn -> is the target as the model says? -> what is to be loaded (nothing, where this load has committed before)
 *       -> nobody else has loaded it? -> COPY into a temporary table, an object at a time -> as many rows as were delivered?
 *       -> rows in the target's types, each with its fate -> by identity -> by `dedupe` -> into the table -> the ledger -> the report
 *
 * `plain` leaves out the fates: for objects whose rows can be nowhere else (the embedded lake has a row in one object alone), with no `dedupe`.
 *
 * Commit point: the batch's own COMMIT. Before it nothing of the load is there, not even the ledger's rows; after it all is, and the list run again
 * does nothing and reports the same. No TRUNCATE, which would commit in the middle.
 */
import { METADATA_COLUMNS } from "../../definition/model.js";
import { copySteps } from "./copy-steps.js";
import { ledgerSteps, objectsStep } from "./ledger-steps.js";
import { LETTER_COLUMNS, letterSteps } from "./letter-steps.js";
import type { LoadGiven } from "./load-given.js";
import { redrivenSteps, reviveSteps, settleSteps } from "./redrive-steps.js";
import { castColumns, rowColumns, rowSteps } from "./row-steps.js";
import {
  lettersLock,
  lockSteps,
  mustBeZero,
  name,
  OBJECTS,
  ownTable,
  ROWS,
  STAGE,
  type Step,
  targetName,
} from "./steps.js";

export function planLoad(given: LoadGiven): Step[] {
  const { place, target, sources } = given;
  const dead = sources.some(({ objects }) => objects.some(({ kind }) => kind === "dead"));
  const letters = dead || given.redriven !== undefined || given.skipExisting === true;
  return [
    ...lockSteps(ownTable(place, "locks", target), ...(letters ? [lettersLock(place)] : [])),
    ...(dead || sources.length === 0 ? [] : [schemaStep(given)]),
    objectsStep(given),
    ...freshSteps(given),
    ...redrivenSteps(given),
    ...(sources.length === 0 ? [] : copySteps(given, dead ? LETTERS : rowsOf(given))),
    ...(sources.length === 0 ? [] : dead ? letterSteps(given) : bringRows(given)),
    ...settleSteps(given),
    ...ledgerSteps(given, dead),
  ];
}

// Raw bytes of a letter that are longer than the column takes are read from the object when somebody asks for them.
const LETTERS = { columns: LETTER_COLUMNS, json: "JSON 'auto ignorecase' TRUNCATECOLUMNS" };

function rowsOf(given: LoadGiven) {
  return { columns: rowColumns(given), json: "JSON 'auto' TIMEFORMAT 'auto'" };
}

function bringRows(given: LoadGiven): Step[] {
  if (given.mode === "plain") return given.dryRun === true ? [] : [plainStep(given)];
  return [...rowSteps(given), ...(given.dryRun === true ? [] : [insertStep(given), ...reviveSteps(given)])];
}

function targetColumns({ table }: Pick<LoadGiven, "table">): string {
  return [...METADATA_COLUMNS, ...table.columns.map((column) => column.name)].map(name).join(", ");
}

/** Reads no row; fails where a column, or the table, is missing. */
function schemaStep(given: LoadGiven): Step {
  const { place, target } = given;
  return { kind: "schema", sql: `SELECT ${targetColumns(given)} FROM ${targetName(place, target)} WHERE 1 = 0` };
}

/** Whoever planned the load has looked before; here it is looked at again, behind the lock. */
function freshSteps({ place, target, skipExisting, mode, sources }: LoadGiven): Step[] {
  if (skipExisting === true || sources.length === 0) return [];
  const loads = ownTable(place, "loads", target);
  const loaded = `SELECT COUNT(*) FROM ${loads} l JOIN ${OBJECTS} o ON l.object_key = o.object_key WHERE l.whole AND l.status = 'loaded'`;
  // Once rows came by another way than their object's, no load may be plain.
  const replays = `SELECT COUNT(*) FROM ${loads} WHERE replay AND loaded_rows > 0`;
  return [mustBeZero("fresh", `SELECT (${loaded})${mode === "plain" ? ` + (${replays})` : ""} AS n`)];
}

function plainStep(given: LoadGiven): Step {
  const { place, target } = given;
  const casts = castColumns(given).map(({ sql }) => sql);
  return {
    kind: "rows",
    sql: `INSERT INTO ${targetName(place, target)} (${targetColumns(given)}) SELECT ${casts.join(", ")} FROM ${STAGE} s WHERE EXISTS (SELECT 1 FROM ${OBJECTS})`,
  };
}

function insertStep(given: LoadGiven): Step {
  const { place, target } = given;
  const columns = targetColumns(given);
  return {
    kind: "rows",
    sql: `INSERT INTO ${targetName(place, target)} (${columns}) SELECT ${columns} FROM ${ROWS} WHERE penstock_fate IS NULL`,
  };
}
