/**
 * Correlated subqueries that Redshift cannot take apart and refuses. Queries of the catalog alone run on its leader node, which takes them all.
 * Source: "Correlated subquery patterns that are not supported".
 */
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { Binding } from "./binding.js";

/** What a level of names notices about references across levels; places in the statement's text. */
export interface Correlation {
  /** A query inside this one named a column of it. */
  insideAt?: number;
  /** This query named a column of one around it. */
  outsideAt?: number;
  /** The same, of one that is not next to it. */
  skippedAt?: number;
}

export type UnsupportedPattern = "skips a query" | "window function" | "outer join" | "GROUP BY";

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

/** To be asked once everything is bound, and it is known what is read. */
export function refuseUnsupported(binding: Binding): void {
  const [first] = binding.unsupported;
  const onlyCatalog = [...binding.reads].every(
    ({ schema }) => schema === "pg_catalog" || schema === "information_schema",
  );
  if (first === undefined || onlyCatalog) return;
  throw new SqlError(SQL_STATE.featureNotSupported, "This type of correlated subquery pattern is not supported yet", {
    at: first.at,
    hint: HINTS[first.pattern],
  });
}
