import { expect, test } from "vitest";
import { openLoadWorld } from "./fixture.js";

test("objects are read by the names of columns, one behind the other, with every digit", async () => {
  const world = await openLoadWorld();
  await world.put(
    "a.json",
    '{"id": 1, "name": "a\\n{b}", "n": 1234567890123456789.123456, "s": {"x": [1, null]}, "other": 1}{"id":2}\n\n{\n "id": 3, "n": "4.5", "s": "text", "name": null\n}',
  );
  await world.run("CREATE TABLE t (id int, name varchar(20), n decimal(38,6), s super)");
  await world.run("COPY t FROM 's3://data/a.json' IAM_ROLE default FORMAT AS JSON 'auto'");
  expect(await world.rows("SELECT * FROM t ORDER BY id")).toEqual([
    '1|a\n{b}|1234567890123456789.123456|{"x":[1,null]}',
    "2|NULL|NULL|NULL",
    '3|NULL|4.500000|"text"',
  ]);
});

test("names without regard to case, paths of a file, and whole objects", async () => {
  const world = await openLoadWorld();
  await world.put("a.json", '{"ID": 1, "deep": {"er": [10, {"k": "v"}]}}');
  await world.put("paths.json", '{"jsonpaths": ["$.ID", "$[\'deep\'][\'er\'][1].k"]}');
  await world.put("short.json", '{"jsonpaths": ["$.ID"]}');
  await world.run("CREATE TABLE t (id int, k varchar(5)); CREATE TABLE w (all_of_it super)");
  await world.run("COPY t FROM 's3://data/a.json' IAM_ROLE default JSON 'auto ignorecase'");
  await world.run("COPY t FROM 's3://data/a.json' IAM_ROLE default JSON 's3://data/paths.json'");
  expect(await world.rows("SELECT * FROM t ORDER BY k")).toEqual(["1|v", "1|NULL"]);
  expect(await world.error("COPY t FROM 's3://data/a.json' IAM_ROLE default JSON 's3://data/short.json'")).toContain(
    "Number of jsonpaths and the number of columns should match. JSONPath size: 1, Number of columns in table or column list: 2",
  );
  await world.run("COPY w FROM 's3://data/a.json' IAM_ROLE default JSON 'noshred'");
  expect(await world.rows("SELECT w.all_of_it.deep.er[0] FROM w")).toEqual(["10"]);
});

test("what is no object is an error of its line", async () => {
  const world = await openLoadWorld();
  await world.put("a.json", '{"id": 1}\nnonsense\n{"id": }\n[1]\n{"id": "x"}\n{"id": 2}\n{"id": 3');
  await world.run("CREATE TABLE t (id int); COPY t FROM 's3://data/a.json' IAM_ROLE default JSON 'auto' MAXERROR 10");
  expect(await world.rows("SELECT id FROM t ORDER BY 1")).toEqual(["1", "2"]);
  expect(world.loads[0]?.errors.map(({ line, code }) => `${line} ${code}`)).toEqual([
    "2 1216",
    "3 1216",
    "4 1216",
    "5 1207",
    "7 1216",
  ]);
});
