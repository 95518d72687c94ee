import { expect, test } from "vitest";
import { systemOid } from "../../../src/redshift/system/oids.js";
import { SYSTEM_RELATIONS, systemView } from "../../../src/redshift/system/views.js";
import { openSystemDatabase } from "./system-database.js";

test("every relation of the system can be read, whole and by each column", async () => {
  const { run } = await openSystemDatabase();
  for (const { schema, name, columns } of SYSTEM_RELATIONS) {
    const whole = await run(`select * from ${schema}.${name}`);
    const shown = columns.filter(({ hidden }) => !hidden).map((column) => column.name);
    expect({ name, columns: whole.columns }).toEqual({ name, columns: shown });
    const each = columns.map((column) => `"${column.name}"`).join(", ");
    expect((await run(`select ${each} from ${schema}.${name} limit 1`)).columns).toHaveLength(columns.length);
  }
}, 120_000);

test("names are unique, oids are fixed, unique and below those of users' objects", () => {
  const names = SYSTEM_RELATIONS.map(({ schema, name }) => `${schema}.${name}`);
  expect(new Set(names).size).toBe(names.length);
  const oids = SYSTEM_RELATIONS.map(({ schema, name }) => systemOid(schema, name));
  expect(new Set(oids).size).toBe(oids.length);
  expect(Math.max(...oids)).toBeLessThan(16_384);
  expect([systemOid("pg_catalog", "pg_class"), systemOid("pg_catalog", "pg_type")]).toEqual([1259, 1247]);
  for (const { name, columns } of SYSTEM_RELATIONS) {
    expect({ name, columns: new Set(columns.map((column) => column.name)).size }).toEqual({
      name,
      columns: columns.length,
    });
  }
});

test("a name alone means one of pg_catalog, those of information_schema must be qualified", async () => {
  expect(systemView(undefined, "svv_tables")?.schema).toBe("pg_catalog");
  expect(systemView(undefined, "tables")).toBeUndefined();
  expect(systemView("information_schema", "tables")?.name).toBe("tables");
  const { error } = await openSystemDatabase();
  expect(await error("select * from tables")).toBe('42P01 relation "tables" does not exist');
  expect(await error("delete from pg_class")).toMatch(/^42\w{3} /);
});

test("the catalog describes itself", async () => {
  const { rows } = await openSystemDatabase();
  expect(
    await rows(
      "select count(*) from pg_class c where relnamespace = 11 and relnatts <> (select count(*) from pg_attribute where attrelid = c.oid)",
    ),
  ).toEqual(["0"]);
  expect(
    await rows(
      "select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'stl_load_errors'::regclass and attname = 'raw_line'",
    ),
  ).toEqual(["character(1024)"]);
});
