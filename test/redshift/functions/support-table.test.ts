import { expect, test } from "vitest";
import { functionEntry, listFunctions } from "../../../src/redshift/functions/registry.js";
import { functionsDocument } from "../../../src/redshift/functions/support-table.js";

test("the published table of functions is what the doors go by", async () => {
  await expect(functionsDocument()).toMatchFileSnapshot("../../../docs/redshift-functions.md");
});

test("every function is listed once, has a way to be bound or says why not", () => {
  const names = listFunctions().map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { name, status, note } of listFunctions()) {
    const entry = functionEntry(name)!;
    if (status === "no") expect(note, name).toBeTruthy();
    else expect(entry.overloads.length > 0 || entry.bind !== undefined, name).toBe(true);
  }
});

test("no function that reads files, settings or the engine itself is on the list", () => {
  const doors = [
    "read_csv",
    "read_parquet",
    "read_text",
    "glob",
    "getenv",
    "query",
    "query_table",
    "duckdb_settings",
    "json_execute_serialized_sql",
    "error",
    "hash",
    "pg_sleep",
    "getvariable",
  ];
  for (const name of doors) expect(functionEntry(name), name).toBeUndefined();
});
