/** A copy of a table, sorted as advised, and the logged queries on both: what the advice is worth here, measured. */

import type { LoggedStatement } from "../advisor/query-uses.js";
import type { ShadowBody, ShadowReport, SortKeyCandidate, TableAdvice } from "../api/control/contract.js";
import { messageOf, PenstockError } from "../core/errors.js";
import { relationNames } from "../redshift/binder/queries/relation-names.js";
import type { SqlSession } from "../redshift/database.js";
import { quotedName } from "../redshift/sql-text.js";
import { parseStatements } from "../redshift/syntax/parse.js";
import { type AdvisorParts, advise, statementsFor } from "./advisor.js";
import { ADVISOR_APPLICATION } from "./query-evidence.js";

/** Where shadows stand. Its tables have the originals' names, so that a search path is all that a query needs to read the other one. */
const SHADOW_SCHEMA = "penstock_shadow";
/** Of those that are asked most often. */
const QUERIES_MAX = 20;
const RUNS = 3;
const QUERY_MS_MAX = 60_000;
const BUILD_MS_MAX = 3_600_000;
/** Buckets of a column under an interleaved key: two to the power of it. */
const BUCKET_BITS = 8;

export async function buildShadow(parts: AdvisorParts, body: ShadowBody): Promise<ShadowReport> {
  const { sql, stores } = parts;
  const advice = await advise(parts, body);
  const key = advice.sortKey.best;
  if (key === undefined || key.columns.length === 0) {
    throw new PenstockError(
      "refused",
      `There is no sort key to try on ${advice.table}. ${advice.reasons[1] ?? ""}`.trim(),
      {
        hint: "Run the queries that matter, or give them with --queries; then ask again.",
      },
    );
  }
  const table = body.table.toLowerCase().split(".").at(-1) ?? "";
  const schema = body.table.includes(".") ? (body.table.toLowerCase().split(".").at(-2) ?? "public") : "public";
  const session = await sql.connect({
    user: sql.name,
    database: sql.name,
    applicationName: ADVISOR_APPLICATION,
    remote: "control",
  });
  const run = (text: string, timeoutMs = QUERY_MS_MAX) => timed(session, text, timeoutMs, stores.clock);
  const shadow = `${SHADOW_SCHEMA}.${quotedName(table)}`;
  try {
    await run(`CREATE SCHEMA IF NOT EXISTS ${SHADOW_SCHEMA}`);
    await run(`DROP TABLE IF EXISTS ${shadow}`);
    const build = await run(copySql(advice, key, `${quotedName(schema)}.${quotedName(table)}`, shadow), BUILD_MS_MAX);
    const { repeated, skipped } = repeatable(statementsFor(parts, body), table);
    const queries: { -readonly [K in keyof ShadowReport["queries"][number]]: ShadowReport["queries"][number][K] }[] =
      [];
    for (const { sql: text, count } of repeated) {
      try {
        const { beforeMs, afterMs } = await compare(run, schema, text);
        queries.push({ sql: text, count, beforeMs, afterMs, ratio: beforeMs / Math.max(afterMs, 0.001) });
      } catch (error) {
        skipped.push({ sql: text, reason: messageOf(error) });
      }
    }
    const before = queries.reduce((sum, query) => sum + query.count * query.beforeMs, 0);
    const after = queries.reduce((sum, query) => sum + query.count * query.afterMs, 0);
    return {
      table: advice.table,
      shadow: `${SHADOW_SCHEMA}.${table}`,
      kept: body.keep === true,
      rows: build.rows,
      buildMs: build.ms,
      sortKey: key,
      distribution: advice.distribution.best,
      queries,
      skipped,
      ratio: queries.length === 0 ? undefined : before / Math.max(after, 0.001),
    };
  } finally {
    if (body.keep !== true) {
      await run(`DROP TABLE IF EXISTS ${shadow}`).catch(() => undefined);
      // It stays where another shadow was kept in it.
      await run(`DROP SCHEMA ${SHADOW_SCHEMA}`).catch(() => undefined);
    }
    await session.close();
  }
}

type Run = (text: string, timeoutMs?: number) => Promise<{ readonly ms: number; readonly rows: number }>;

/** Once each to warm up, then by turns, the quickest of each: what else goes on in the process falls on both alike. */
async function compare(run: Run, schema: string, text: string) {
  const on = async (path: string) => {
    await run(`SET search_path TO ${path}`);
    return (await run(text)).ms;
  };
  const before = quotedName(schema);
  const after = `${SHADOW_SCHEMA}, ${quotedName(schema)}`;
  let beforeMs = Number.POSITIVE_INFINITY;
  let afterMs = Number.POSITIVE_INFINITY;
  for (let time = 0; time <= RUNS; time++) {
    const [first, second] = [await on(before), await on(after)];
    if (time === 0) continue;
    beforeMs = Math.min(beforeMs, first);
    afterMs = Math.min(afterMs, second);
  }
  return { beforeMs, afterMs };
}

async function timed(
  session: SqlSession,
  text: string,
  timeoutMs: number,
  clock: AdvisorParts["stores"]["clock"],
): Promise<{ readonly ms: number; readonly rows: number }> {
  const startedMs = clock.monotonic();
  const [statement] = session.parse(text);
  const result = await session.execute(await session.prepare(statement!), [], { timeoutMs });
  let rows = 0;
  for await (const chunk of result.rows) rows += chunk.length;
  return { ms: clock.monotonic() - startedMs, rows: result.changed ?? rows };
}

function copySql(advice: TableAdvice, key: SortKeyCandidate, from: string, shadow: string): string {
  const columns = advice.columns.map(({ name }) => quotedName(name)).join(", ");
  const sortKey = `${key.style.toUpperCase()} SORTKEY (${key.columns.map(quotedName).join(", ")})`;
  const { style, column } = advice.distribution.best;
  const spread = style === "key" && column !== undefined ? `DISTKEY (${quotedName(column)})` : `DISTSTYLE ${style}`;
  const made = `CREATE TABLE ${shadow} ${spread} ${sortKey} AS SELECT ${columns}`;
  if (key.style !== "interleaved") return `${made} FROM ${from} ORDER BY ${key.columns.map(quotedName).join(", ")}`;
  const buckets = key.columns.map(
    (name, index) => `NTILE(${2 ** BUCKET_BITS}) OVER (ORDER BY ${quotedName(name)}) - 1 AS penstock_z${index}`,
  );
  const bits: string[] = [];
  let place = BUCKET_BITS * key.columns.length;
  for (let bit = BUCKET_BITS - 1; bit >= 0; bit--) {
    for (const index of key.columns.keys()) {
      place--;
      bits.push(`CAST((penstock_z${index} / ${2 ** bit}) % 2 AS BIGINT) * ${2 ** place}`);
    }
  }
  return `${made} FROM (SELECT ${columns}, ${buckets.join(", ")} FROM ${from}) ORDER BY ${bits.join(" + ")}`;
}

function repeatable(statements: readonly LoggedStatement[], table: string) {
  const repeated: LoggedStatement[] = [];
  const skipped: { sql: string; reason: string }[] = [];
  for (const statement of statements) {
    const reason = refusal(statement.sql, table);
    if (reason === undefined) repeated.push(statement);
    else if (reason !== "") skipped.push({ sql: statement.sql, reason });
  }
  repeated.sort((a, b) => b.count - a.count);
  return { repeated: repeated.slice(0, QUERIES_MAX), skipped };
}

/** Why a statement is not repeated; "" for one that has nothing to do with the table. */
function refusal(sql: string, table: string): string | undefined {
  try {
    const [parsed, ...others] = parseStatements(sql);
    if (parsed === undefined || others.length > 0) return "";
    const named = relationNames(parsed.statement).filter(({ parts }) => parts.at(-1) === table);
    if (named.length === 0 || parsed.statement.kind !== "query-statement") return "";
    const { body } = parsed.statement.query;
    if (body.kind === "select" && body.into !== undefined) return "";
    if (parsed.parameters > 0) return "it has parameters, whose values the log does not keep";
    if (named.some(({ parts }) => parts.length > 1)) return "it names the table's schema, and would read the original";
    return undefined;
  } catch {
    return "";
  }
}
