/**
 * What Redshift's compute nodes cannot do and refuse: some correlated subqueries, and whatever runs on the leader node alone. Queries of the
 * catalog by itself run there, and may have both. Sources: "Correlated subquery patterns that are not supported", "SQL functions supported on
 * the leader node".
 */
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { RelationInfo } from "../bound.js";
import type { Binding, UnsupportedPattern } from "./binding.js";

const HINTS: Readonly<Record<UnsupportedPattern, string>> = {
  "skips a query":
    "A subquery can name columns of the query next around it, not of one beyond that: join the tables instead.",
  "window function": "A subquery with a window function cannot name columns of the query around it: join it instead.",
  "outer join": "A subquery in the ON of an outer join cannot name columns of the joined tables: join it before.",
  "GROUP BY": "What GROUP BY names cannot come from a correlated subquery: compute it in a subquery in FROM.",
};

export function notePattern(binding: Binding, pattern: UnsupportedPattern, at: number | undefined): void {
  if (at !== undefined && binding.views.length === 0) binding.unsupported.push({ pattern, at });
}

/** To be asked once everything is bound, and it is known what is read. `writes`: rows go into a table of users. */
export function refuseUnsupported(binding: Binding, writes = false): void {
  refuseLeaderOnly(binding, writes);
  const [first] = binding.unsupported;
  if (first === undefined || !readsTables(binding)) return;
  throw new SqlError(SQL_STATE.featureNotSupported, "This type of correlated subquery pattern is not supported yet", {
    at: first.at,
    hint: HINTS[first.pattern],
  });
}

/** What the leader node alone can do, noted where it is met. */
export function noteLeaderOnly(binding: Binding, what: string, at: number): void {
  binding.leaderOnly.push({ what, at });
}

/** PG_TABLE_DEF and the information schema are made by the leader node; other catalog tables may be joined with anything. */
export function isLeaderOnly(relation: RelationInfo): boolean {
  return (
    relation.schema === "information_schema" || (relation.schema === "pg_catalog" && relation.name === "pg_table_def")
  );
}

function refuseLeaderOnly(binding: Binding, writes: boolean): void {
  const [first] = binding.leaderOnly;
  if (first === undefined || !(writes || readsTables(binding))) return;
  throw new SqlError(
    SQL_STATE.featureNotSupported,
    "Specified types or functions (one per INFO message) not supported on Redshift tables.",
    {
      at: first.at,
      hint: `${first.what} runs on the leader node alone and cannot meet rows of tables: take what it answers to the client first.`,
    },
  );
}

function readsTables(binding: Binding): boolean {
  return [...binding.reads].some(({ schema }) => schema !== "pg_catalog" && schema !== "information_schema");
}
