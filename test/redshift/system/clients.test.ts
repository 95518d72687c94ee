/** What clients ask of the catalog on connecting and to show what is there, after the statements that they send; each must be answered. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openSystemDatabase, SHOP } from "./system-database.js";

interface ClientStatement {
  readonly client: string;
  readonly sql: string;
  /** Rows as texts, where the fixture tells them. */
  readonly rows: readonly string[] | undefined;
}

/** `-- client`, the statement, and lines of `=> row`, until a blank line. */
function clientStatements(): readonly ClientStatement[] {
  const text = readFileSync(fileURLToPath(new URL("clients.sql", import.meta.url)), "utf8");
  return text
    .split(/\n\n+/)
    .map((block) => block.trim().split("\n"))
    .filter(([first]) => first?.startsWith("-- ") === true)
    .map(([first, ...lines]) => {
      const rows = lines.filter((line) => line.startsWith("=> ")).map((line) => line.slice(3));
      const sql = lines.filter((line) => !line.startsWith("=> ")).join("\n");
      return { client: first!.slice(3), sql, rows: rows.length === 0 ? undefined : rows };
    });
}

test("what clients ask is answered", async () => {
  const { run, rows } = await openSystemDatabase();
  await run(SHOP);
  const statements = clientStatements();
  expect(statements.length).toBeGreaterThan(30);
  for (const { client, sql, rows: expected } of statements) {
    const found = await rows(sql).catch((error: unknown) => [`${client}: ${String(error)}`]);
    const failed = found.find((row) => row.startsWith(`${client}: `));
    expect({ client, sql, failed }).toEqual({ client, sql, failed: undefined });
    if (expected !== undefined) expect({ client, sql, rows: found }).toEqual({ client, sql, rows: expected });
  }
}, 60_000);
