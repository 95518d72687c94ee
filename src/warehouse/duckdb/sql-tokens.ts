/** A piece of SQL as DuckDB's scanner would cut it, as far as it matters for telling what a statement is about. */
export interface SqlToken {
  /** `name`: a word that is not quoted, in lower case, or the inside of a quoted one. `other`: text, number, sign. */
  readonly kind: "word" | "quoted" | "other";
  readonly text: string;
  /** Where it begins in the statement. */
  readonly at: number;
}

/** Dollar quotes, texts with escapes, plain texts, quoted names, words, numbers, then any sign. Comments and blanks are skipped before it. */
const TOKEN =
  /\$([\p{L}_]?[\p{L}\p{N}_]*)\$[\s\S]*?\$\1\$|[eE]'(?:\\[\s\S]|''|[^'\\])*'|'(?:''|[^'])*'|"(?:""|[^"])*"|[\p{L}_][\p{L}\p{N}_$]*|\d[\w.]*|[\s\S]/uy;

export function sqlTokens(sql: string): SqlToken[] {
  const tokens: SqlToken[] = [];
  let at = 0;
  while (at < sql.length) {
    const blank = skipBlank(sql, at);
    if (blank > at) {
      at = blank;
      continue;
    }
    TOKEN.lastIndex = at;
    const piece = TOKEN.exec(sql)?.[0] ?? sql.slice(at);
    const first = piece[0] ?? "";
    if (first === '"')
      tokens.push({ kind: "quoted", text: piece.slice(1, -1).replaceAll('""', '"').toLowerCase(), at });
    else if (/^[\p{L}_][^']*$/u.test(piece)) tokens.push({ kind: "word", text: piece.toLowerCase(), at });
    else tokens.push({ kind: "other", text: piece, at });
    at += piece.length;
  }
  return tokens;
}

/** Past blanks and comments; block comments nest, as PostgreSQL's do. */
function skipBlank(sql: string, from: number): number {
  let at = from;
  for (;;) {
    while (/\s/.test(sql[at] ?? "")) at++;
    if (sql.startsWith("--", at)) {
      const end = sql.indexOf("\n", at);
      at = end === -1 ? sql.length : end + 1;
    } else if (sql.startsWith("/*", at)) {
      at = skipBlockComment(sql, at);
    } else {
      return at;
    }
  }
}

function skipBlockComment(sql: string, from: number): number {
  let depth = 0;
  for (let at = from; at < sql.length; at++) {
    if (sql.startsWith("/*", at)) {
      depth++;
      at++;
    } else if (sql.startsWith("*/", at)) {
      depth--;
      at++;
      if (depth === 0) return at + 1;
    }
  }
  return sql.length;
}
