/** Errors of names that are not there, with the nearest name that is. */
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { QualifiedName } from "../../syntax/ast.js";
import type { Source } from "./names.js";

export function missingRelation(name: QualifiedName): SqlError {
  return new SqlError(SQL_STATE.undefinedTable, `relation "${name.parts.join(".")}" does not exist`, { at: name.at });
}

/** `qualifier` is what stood before the name; `known` are the sources whose columns may have been meant. */
export function missingColumn(
  name: string,
  sources: readonly Source[],
  known: readonly Source[],
  at: number,
  qualifier?: string,
): SqlError {
  const shown = sources.filter((source) => source.columns.some((column) => column.hidden !== true));
  const places = shown.map((source, index) => source.name ?? `derived_table${index + 1}`).join(", ");
  const message =
    qualifier !== undefined
      ? `column ${qualifier}.${name} does not exist`
      : `column "${name}" does not exist${places === "" ? "" : ` in ${places}`}`;
  const candidates = known.flatMap((source) =>
    source.columns.map((column) => ({
      name: column.name,
      shown: source.name === undefined ? column.name : `${source.name}.${column.name}`,
    })),
  );
  const near = nearest(name, candidates);
  return new SqlError(SQL_STATE.undefinedColumn, message, {
    at,
    ...(near === undefined ? {} : { hint: `Perhaps you meant the column "${near.shown}".` }),
  });
}

export function ambiguousColumn(name: string, at: number): SqlError {
  return new SqlError(SQL_STATE.ambiguousColumn, `column reference "${name}" is ambiguous`, {
    at,
    hint: "Write the table's name or alias before it.",
  });
}

export function missingTable(name: string, known: readonly Source[], at: number): SqlError {
  const names = known.flatMap((source) =>
    source.name === undefined ? [] : [{ name: source.name, shown: source.name }],
  );
  const near = nearest(name, names);
  return new SqlError(SQL_STATE.undefinedTable, `missing FROM-clause entry for table "${name}"`, {
    at,
    ...(near === undefined ? {} : { hint: `Perhaps you meant "${near.shown}".` }),
  });
}

export function invalidReference(name: string, alias: string | undefined, at: number): SqlError {
  return new SqlError(SQL_STATE.undefinedTable, `invalid reference to FROM-clause entry for table "${name}"`, {
    at,
    hint:
      alias === undefined
        ? "It cannot be named from this part of the query."
        : `Perhaps you meant its alias "${alias}".`,
  });
}

export function missingTargetColumn(
  name: string,
  relation: string,
  columns: readonly { readonly name: string }[],
  at: number,
): SqlError {
  const near = nearest(
    name,
    columns.map((column) => ({ name: column.name, shown: column.name })),
  );
  return new SqlError(SQL_STATE.undefinedColumn, `column "${name}" of relation "${relation}" does not exist`, {
    at,
    ...(near === undefined ? {} : { hint: `Perhaps you meant the column "${near.shown}".` }),
  });
}

interface Candidate {
  readonly name: string;
  readonly shown: string;
}

/** The candidate with the fewest changed letters, if these are few for a name of its length. */
function nearest(name: string, candidates: readonly Candidate[]): Candidate | undefined {
  let best: Candidate | undefined;
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = distanceOf(name, candidate.name, bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Letters to insert, remove or change; `limit` where it is as many or more. */
function distanceOf(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const changed = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
