import { StatementType } from "@duckdb/node-api";
import { PenstockError } from "../../core/errors.js";
import { PENSTOCK_SCHEMA } from "./schema.js";
import { type SqlToken, sqlTokens } from "./sql-tokens.js";

/** What SQL from outside may be, by the engine's own opinion of it (that of a prepared statement). All else is refused. */
const ALLOWED: ReadonlySet<StatementType> = new Set([
  StatementType.SELECT,
  StatementType.INSERT,
  StatementType.UPDATE,
  StatementType.DELETE,
  StatementType.MERGE_INTO,
  StatementType.CREATE,
  StatementType.DROP,
  StatementType.ALTER,
  StatementType.EXPLAIN,
]);

/**
 * Functions that a SELECT can call and that change the engine for everybody, run SQL from a text, or take addresses of memory.
 * `enable_logging` for one makes every later statement of the whole instance fail, where the log's folder is closed to it.
 */
const REFUSED_FUNCTIONS: ReadonlySet<string> = new Set([
  "add_parquet_key",
  "arrow_scan",
  "arrow_scan_dumb",
  "checkpoint",
  "disable_logging",
  "disable_peg_parser",
  "disable_profiling",
  "enable_logging",
  "enable_peg_parser",
  "enable_profiling",
  "force_checkpoint",
  "json_execute_serialized_sql",
  "query",
  "read_duckdb",
  "truncate_duckdb_logs",
  "write_log",
]);

const EXPLAIN_HINT = "Allowed are SELECT, INSERT, UPDATE, DELETE, MERGE, CREATE, DROP, ALTER and EXPLAIN.";

/** Refusals that need the words of the statement only; made before the engine sees any of it. */
export function checkWords(sql: string): void {
  const tokens = sqlTokens(sql);
  if (tokens.length === 0) throw new PenstockError("invalid-argument", "There is no statement in it.");
  // A PRAGMA can look like a SELECT to the engine.
  if (isWord(tokens[0], "pragma")) refuse("PRAGMA");
  tokens.forEach((token, index) => {
    if (token.kind !== "other" && REFUSED_FUNCTIONS.has(token.text) && tokens[index + 1]?.text === "(") {
      throw new PenstockError(
        "refused",
        `The function ${token.text} is not for SQL from outside: it reaches the engine itself.`,
      );
    }
  });
}

/** Refuses what the statement's type forbids, and any change of Penstock's own schema. */
export function checkStatement(sql: string, type: StatementType): void {
  if (!ALLOWED.has(type)) refuse(StatementType[type] ?? "this statement");
  const tokens = sqlTokens(sql);
  if (type === StatementType.SELECT || type === StatementType.EXPLAIN) return;
  if (changes(tokens, type).some((name) => name === PENSTOCK_SCHEMA)) {
    throw new PenstockError(
      "refused",
      "The schema penstock is written by Penstock alone: it is what loads and audits go by.",
      {
        hint: "Read it as you like; to change what is in it use `penstock errors redrive`, `penstock replay`, or a table of your own.",
      },
    );
  }
}

/** The statement that an EXPLAIN is about. EXPLAIN ANALYZE runs it, so it must be allowed by itself. */
export function explained(sql: string): string {
  const tokens = sqlTokens(sql);
  let index = 1;
  while (isWord(tokens[index], "analyze") || isWord(tokens[index], "analyse") || isWord(tokens[index], "verbose"))
    index++;
  // Options may stand in parentheses; so may a whole SELECT, which then begins as a statement does.
  if (
    tokens[index]?.text === "(" &&
    !["select", "with", "from", "values", "("].includes(tokens[index + 1]?.text ?? "")
  ) {
    while (index < tokens.length && tokens[index]?.text !== ")") index++;
    index++;
  }
  return sql.slice(tokens[index]?.at ?? sql.length);
}

/**
 * The names in that part of a statement which says what it changes. For INSERT, UPDATE, DELETE and MERGE that is the name behind the verb;
 * for CREATE, DROP and ALTER all that comes before an AS, so that a view of yours may read what it likes.
 */
function changes(tokens: readonly SqlToken[], type: StatementType): string[] {
  const verbs: Partial<Record<StatementType, readonly string[]>> = {
    [StatementType.INSERT]: ["insert", "into"],
    [StatementType.UPDATE]: ["update"],
    [StatementType.DELETE]: ["delete", "truncate"],
    [StatementType.MERGE_INTO]: ["merge"],
  };
  const verb = verbs[type];
  const names: string[] = [];
  let depth = 0;
  let inside = verb === undefined;
  for (const [index, token] of tokens.entries()) {
    if (token.text === "(") depth++;
    else if (token.text === ")") depth--;
    if (depth > 0 && verb !== undefined) continue;
    if (verb === undefined) {
      if (depth === 0 && isWord(token, "as")) break;
      if (token.kind !== "other") names.push(token.text);
      continue;
    }
    if (!inside) {
      inside = token.kind === "word" && verb.includes(token.text);
      continue;
    }
    // From the verb on: the words between it and the name, then the name with its dots; it ends at the first token that is neither.
    if (token.kind === "other" && token.text !== ".") break;
    names.push(token.text);
    const next = tokens[index + 1];
    const wasName =
      token.text !== "." && !["into", "from", "or", "replace", "ignore", "only", "table"].includes(token.text);
    if (wasName && next?.text !== ".") break;
  }
  return names;
}

function isWord(token: SqlToken | undefined, word: string): boolean {
  return token?.kind === "word" && token.text === word;
}

function refuse(what: string): never {
  throw new PenstockError("refused", `${what} is not for SQL from outside.`, { hint: EXPLAIN_HINT });
}
