/**
 * Statements with what Redshift answers. A case is a statement, then `-> name type, ...` and its rows (values joined by `|`), or `!! SQLSTATE
 * message @"where it points"` and perhaps the hint. Cases stand apart by an empty line; lines that begin with `#` are for the reader.
 */
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SqlError } from "../../../src/redshift/sql-error.js";
import type { Fixture } from "./fixture.js";
import { openTables } from "./tables.js";

const CASES = new URL("./cases/", import.meta.url);

let tables: Fixture;
beforeAll(async () => {
  tables = await openTables();
});
afterAll(() => tables.close());

async function answer(sql: string): Promise<string> {
  try {
    const { columns, rows } = await tables.query(sql);
    return [`-> ${columns.join(", ")}`, ...rows.map((row) => `   ${row}`)].join("\n");
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    const place = error.at === undefined ? "" : ` @${JSON.stringify(sql.slice(error.at, error.at + 12))}`;
    const hint = error.hint === undefined ? "" : `\n   hint: ${error.hint}`;
    return `!! ${error.state} ${error.message}${place}${hint}`;
  }
}

for (const file of readdirSync(CASES).sort()) {
  describe(file.replace(".txt", ""), () => {
    const text = readFileSync(new URL(file, CASES), "utf8").replace(/^#.*\n/gm, "");
    for (const block of text.split(/\n\n+/).filter((one) => one.trim() !== "")) {
      const [sql = "", ...expected] = block.trimEnd().split("\n");
      test(sql, async () => {
        expect(await answer(sql)).toBe(expected.join("\n"));
      });
    }
  });
}
