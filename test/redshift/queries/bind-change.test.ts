import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bindInsert } from "../../../src/redshift/binder/queries/bind-change.js";
import type { Insert } from "../../../src/redshift/syntax/ast.js";
import { parseStatements } from "../../../src/redshift/syntax/parse.js";
import { type Fixture, failure, openFixture } from "./fixture.js";

let tables: Fixture;
beforeEach(async () => {
  tables = await openFixture();
  await tables.table("t", [
    "id integer not null",
    "name varchar(5)",
    "amount decimal(8,2) default 1.5",
    "seen timestamp",
    "data super",
  ]);
  await tables.table(
    "s",
    ["id integer", "name varchar(20)", "amount decimal(8,2)"],
    "(1, 'a', 1), (2, 'b', 2), (3, 'c', 3)",
  );
  await tables.table("drawn", ["id bigint identity", "kind varchar(5) default 'none'", "n smallint"]);
  await tables.table("offered", ["id bigint identity by default", "n smallint"]);
  await tables.table("penstock.ledger", ["object varchar(100)"]);
  tables.view("v", "select * from t");
});
afterEach(() => tables.close());

async function rowsOf(table: string): Promise<string[]> {
  const rows = await tables.duck(`SELECT * FROM main."${table}" ORDER BY ALL`);
  return rows.map((row) => row.map((value) => (value === null ? "NULL" : String(value))).join("|"));
}

/** Each statement with what becomes of it. */
async function refusals(
  cases: readonly (readonly [sql: string, state: string, message: string, at?: string])[],
): Promise<void> {
  for (const [sql, state, message, at] of cases) {
    const error = await failure(() => tables.change(sql));
    expect([sql, error.state, error.message]).toEqual([sql, state, message]);
    if (at !== undefined) expect(sql.slice(error.at)).toMatch(new RegExp(`^${at}`));
  }
}

describe("INSERT", () => {
  test("values go by position, or by the list of columns; what is not named gets its default", async () => {
    expect(
      await tables.change(
        "insert into t values (1, 'one', 2.345, '2024-01-01', json_parse('[1]')), (2, 'two', default, null, null)",
      ),
    ).toBe(2);
    await tables.change("insert into t (name, id) values ('three', 3), ('four', 1 + 3)");
    await tables.change("insert into t values (5)");
    expect(await rowsOf("t")).toEqual([
      "1|one|2.35|2024-01-01 00:00:00|[1]",
      "2|two|1.50|NULL|NULL",
      "3|three|1.50|NULL|NULL",
      "4|four|1.50|NULL|NULL",
      "5|NULL|1.50|NULL|NULL",
    ]);
  });

  test("a query's columns go by position, cast as an assignment does", async () => {
    await tables.change("insert into t (id, name, seen) select id, name, '2024-05-06' from s where id < 3");
    await tables.change("insert into t (id, amount) select 7, 8.5 union all select 8, null order by 1");
    await tables.change("insert into t (id, name) select distinct 9, 'nine' from s");
    await tables.change("insert into t with w as (select 10 as a) select a, 'ten' from w");
    expect(await rowsOf("t")).toEqual([
      "1|a|1.50|2024-05-06 00:00:00|NULL",
      "2|b|1.50|2024-05-06 00:00:00|NULL",
      "7|NULL|8.50|NULL|NULL",
      "8|NULL|NULL|NULL|NULL",
      "9|nine|1.50|NULL|NULL",
      "10|ten|1.50|NULL|NULL",
    ]);
  });

  test("a table can be added to itself", async () => {
    expect(await tables.change("insert into s select id + 10, name, amount from s")).toBe(3);
    expect(await rowsOf("s")).toHaveLength(6);
  });

  test("identity columns draw their values; only BY DEFAULT takes others", async () => {
    await tables.change("insert into drawn (n) values (1), (2)");
    await tables.change("insert into drawn values (default, 'a', 3)");
    await tables.change("insert into drawn (kind) select name from s where id = 1");
    await tables.change("insert into drawn default values");
    expect(await rowsOf("drawn")).toEqual(["10|none|1", "15|none|2", "20|a|3", "25|a|NULL", "30|none|NULL"]);
    await tables.change("insert into offered (n) values (1)");
    await tables.change("insert into offered values (7, 2)");
    await tables.change("insert into offered (id, n) select 8, 3");
    expect(await rowsOf("offered")).toEqual(["7|2", "8|3", "10|1"]);
    await refusals([
      ["insert into drawn values (1, 'a', 2)", "0A000", "cannot set an identity column to a value", "1, 'a'"],
      ["insert into drawn (id) select id from s", "0A000", "cannot set an identity column to a value", "id from s"],
    ]);
  });

  test("what does not fit is refused", async () => {
    await refusals([
      ["insert into t values (7, 'sevens')", "22001", "value too long for type character varying(5)", "'sevens'"],
      [
        "insert into t (id, name) select id, name || 'abcdefg' from s",
        "22001",
        "value too long for type character varying(5)",
      ],
      ["insert into t (id) values ('x')", "22P02", 'invalid input syntax for integer: "x"', "'x'"],
      [
        "insert into t (id) values (true)",
        "42804",
        'column "id" is of type integer but expression is of type boolean',
        "true",
      ],
      [
        "insert into t (id, seen) values (8, '2024-02-30')",
        "22008",
        'date/time field value out of range: "2024-02-30"',
      ],
      ["insert into t (id, amount) values (9, 1234567.5)", "22003", "numeric field overflow"],
    ]);
    expect(await rowsOf("t")).toEqual([]);
  });

  test("trailing blanks beyond a VARCHAR's length are cut", async () => {
    await tables.change("insert into t (id, name) values (1, 'seven  ')");
    expect(await rowsOf("t")).toEqual(["1|seven|1.50|NULL|NULL"]);
  });

  test("columns and values must agree", async () => {
    await refusals([
      ["insert into t (id, id) values (1, 2)", "42701", 'column "id" specified more than once'],
      ["insert into t (id, nam) values (1, 2)", "42703", 'column "nam" of relation "t" does not exist'],
      ["insert into t (id, name) values (1)", "42601", "INSERT has more target columns than expressions"],
      ["insert into t (id) values (1, 2)", "42601", "INSERT has more expressions than target columns"],
      ["insert into t (id) select id, name from s", "42601", "INSERT has more expressions than target columns"],
      ["insert into t values (1), (1, 2)", "42601", "VALUES lists must all be the same length"],
      ["insert into t values (1, 'a', 3, null, null, 6)", "42601", "INSERT has more expressions than target columns"],
      ["insert into t (id) values (nope)", "42703", 'column "nope" does not exist', "nope"],
    ]);
  });

  test("only tables of users can be written", async () => {
    await refusals([
      ["insert into v values (1)", "42809", "cannot insert into a view", "v values"],
      ["insert into penstock.ledger values ('x')", "42501", "permission denied for relation ledger", "penstock"],
      ["insert into nowhere values (1)", "42P01", 'relation "nowhere" does not exist', "nowhere"],
      ["update v set id = 1", "42809", "cannot update a view"],
      ["update penstock.ledger set object = 'x'", "42501", "permission denied for relation ledger"],
      ["delete from v", "42809", "cannot delete from a view"],
      ["delete from penstock.ledger", "42501", "permission denied for relation ledger"],
    ]);
  });

  test("thousands of plain rows are the same as one by one", async () => {
    const rows = Array.from(
      { length: 3000 },
      (_, index) => `(${index}, 'é''${index % 99}', -${index}.25, '2024-01-0${1 + (index % 9)} 10:00:00.5', null)`,
    );
    await tables.change(`insert into t values ${rows.join(", ")}`);
    const many = await rowsOf("t");
    await tables.change("delete from t");
    for (let from = 0; from < 3000; from += 20)
      await tables.change(`insert into t values ${rows.slice(from, from + 20).join(", ")}`);
    expect(await rowsOf("t")).toEqual(many);
    expect(many[7]).toBe("7|é'7|-7.25|2024-01-08 10:00:00.5|NULL");
  });

  test("among thousands of rows one that does not fit is found, and defaults are filled in", async () => {
    const rows = Array.from({ length: 100 }, (_, index) => `('${index === 50 ? "too long" : "fits"}', ${index})`);
    await refusals([
      [
        `insert into t (name, id) values ${rows.join(", ")}`,
        "22001",
        "value too long for type character varying(5)",
        "'too long'",
      ],
    ]);
    await tables.change(`insert into drawn (kind) values ${Array.from({ length: 50 }, () => "('k')").join(", ")}`);
    expect((await rowsOf("drawn")).at(-1)).toBe(`${10 + 49 * 5}|k|NULL`);
  });

  test("parameters take their columns' types", () => {
    const [parsed] = parseStatements("insert into t (id, name, seen) values ($1, $2, $3)");
    const context = tables.context();
    bindInsert(parsed!.statement as Insert, context);
    expect(context.parameters.map((type) => type?.kind)).toEqual(["integer", "varchar", "timestamp"]);
    const [selected] = parseStatements("insert into t (id, seen) select $1, $2 from s");
    const other = tables.context();
    bindInsert(selected!.statement as Insert, other);
    expect(other.parameters.map((type) => type?.kind)).toEqual(["integer", "timestamp"]);
  });
});

describe("UPDATE and DELETE", () => {
  test("rows change by expressions, defaults, subqueries and other tables", async () => {
    await tables.change("insert into t (id, name, amount) values (1, 'one', 1), (2, 'two', 2), (3, 'three', 3)");
    expect(await tables.change("update t set amount = amount * 2 where id = 1")).toBe(1);
    expect(
      await tables.change("update t set name = 'x' || s.name, amount = default from s where s.id = t.id and s.id = 2"),
    ).toBe(1);
    expect(
      await tables.change(
        "update t as x set name = (select max(name) from s where s.id = x.id) where x.id in (select id from s where id = 3)",
      ),
    ).toBe(1);
    expect(
      await tables.change("with w as (select 3 as id) update t set seen = '2024-03-03' where id in (select id from w)"),
    ).toBe(1);
    expect(await rowsOf("t")).toEqual([
      "1|one|2.00|NULL|NULL",
      "2|xb|1.50|NULL|NULL",
      "3|c|3.00|2024-03-03 00:00:00|NULL",
    ]);
    expect(await tables.change("update t set name = y.name from t y where y.id = t.id - 2")).toBe(1);
    expect(
      await tables
        .change("update public.t set amount = s.amount from s join venueless v on v.id = s.id where t.id = s.id")
        .catch((error: Error) => error.message),
    ).toBe('relation "venueless" does not exist');
    expect(await tables.change("delete from t using s where t.id = s.id and s.name = 'a'")).toBe(1);
    expect(await tables.change("delete from t as x where x.id = 2")).toBe(1);
    expect(await rowsOf("t")).toEqual(["3|one|3.00|2024-03-03 00:00:00|NULL"]);
    expect(await tables.change("with w as (select 3 as id) delete from t where id in (select id from w)")).toBe(1);
    expect(await tables.change("delete from s")).toBe(3);
  });

  test("what an UPDATE or a DELETE cannot do is refused", async () => {
    await refusals([
      ["update t set nope = 1", "42703", 'column "nope" of relation "t" does not exist', "nope"],
      ["update t set name = 'a', name = 'b'", "42601", 'multiple assignments to same column "name"'],
      [
        "update t set seen = true",
        "42804",
        'column "seen" is of type timestamp without time zone but expression is of type boolean',
      ],
      [
        "update t set name = 'toolong' where id = 1",
        "22001",
        "value too long for type character varying(5)",
        "'toolong'",
      ],
      ["update drawn set id = 5", "0A000", "cannot set an identity column to a value"],
      ["update t set name = s.name from s", "0A000", "Target table must be part of an equijoin predicate"],
      [
        "update t set name = s.name from s where t.id > s.id",
        "0A000",
        "Target table must be part of an equijoin predicate",
      ],
      ["update t set name = q.name from s where t.id = s.id", "42P01", 'missing FROM-clause entry for table "q"'],
      ["update t set name = t.name from t where t.id = 1", "42712", 'table name "t" specified more than once'],
      ["update t set id = count(*)", "42803", "aggregate functions are not allowed in UPDATE"],
      ["delete from t where nope = 1", "42703", 'column "nope" does not exist in t', "nope"],
      ["delete from t where id", "42804", "argument of WHERE must be type boolean, not type integer"],
      ["delete from nowhere", "42P01", 'relation "nowhere" does not exist'],
    ]);
  });
});

describe("MERGE", () => {
  beforeEach(async () => {
    await tables.change("insert into t (id, name) values (1, 'A'), (9, 'I')");
  });

  test("rows that match are updated or deleted, others inserted", async () => {
    const update =
      "merge into t using s on t.id = s.id when matched then update set name = s.name || t.name, amount = s.amount";
    expect(
      await tables.change(`${update} when not matched then insert (amount, id, name) values (s.amount, s.id, s.name)`),
    ).toBe(3);
    expect(await rowsOf("t")).toEqual([
      "1|aA|1.00|NULL|NULL",
      "2|b|2.00|NULL|NULL",
      "3|c|3.00|NULL|NULL",
      "9|I|1.50|NULL|NULL",
    ]);
    await tables.change("insert into s values (4, 'd', 4)");
    const remove = "merge into penstock.public.t using s as x on penstock.public.t.id = x.id when matched then delete";
    expect(await tables.change(`${remove} when not matched then insert values (x.id, x.name)`)).toBe(4);
    expect(await rowsOf("t")).toEqual(["4|d|1.50|NULL|NULL", "9|I|1.50|NULL|NULL"]);
  });

  test("two rows of the source for one of the target are refused", async () => {
    await tables.change("insert into s values (9, 'z', 9), (9, 'y', 9)");
    await refusals([
      [
        "merge into t using s on t.id = s.id when matched then update set name = s.name when not matched then insert (id) values (s.id)",
        "21000",
        "Found multiple matches to update the same tuple.",
      ],
    ]);
    expect(await rowsOf("t")).toEqual(["1|A|1.50|NULL|NULL", "9|I|1.50|NULL|NULL"]);
  });

  test("REMOVE DUPLICATES leaves one row for each that matched, and others as they were", async () => {
    await tables.table(
      "people",
      ["id integer", "name varchar(10)"],
      "(30,'Tony'),(30,'Daisy'),(11,'Alice'),(23,'Bill'),(23,'Nikki')",
    );
    await tables.table("news", ["id integer", "name varchar(10)"], "(23,'David'),(22,'Clarence')");
    await tables.change("merge into people using news on people.id = news.id remove duplicates");
    expect(await rowsOf("people")).toEqual(["11|Alice", "22|Clarence", "23|David", "30|Daisy", "30|Tony"]);
    await tables.change("insert into news values (22, 'Again')");
    await refusals([
      [
        "merge into people using news on people.id = news.id remove duplicates",
        "21000",
        "Found multiple matches to update the same tuple.",
      ],
    ]);
    await refusals([
      [
        "merge into people using s on people.id = s.id remove duplicates",
        "42601",
        "source and target of MERGE ... REMOVE DUPLICATES must have the same columns",
      ],
    ]);
  });

  test("its rules", async () => {
    const rest = "when matched then delete when not matched then insert values (1)";
    await refusals([
      [`merge into t using v on t.id = v.id ${rest}`, "0A000", "the source of MERGE must be a table"],
      [`merge into t using (select 1 as id) x on t.id = x.id ${rest}`, "0A000", "the source of MERGE must be a table"],
      [`merge into t using t on true ${rest}`, "0A000", "source and target of MERGE cannot be the same table"],
      [
        `merge into t using s on t.data.x = s.id ${rest}`,
        "0A000",
        "Partial reference of SUPER column is not supported in MERGE statement.",
      ],
      [`merge into penstock.ledger using s on true ${rest}`, "42501", "permission denied for relation ledger"],
      [
        "merge into t using s on t.id = s.id when matched then delete when not matched then insert values (t.id)",
        "42P01",
        'missing FROM-clause entry for table "t"',
      ],
      [
        "merge into t using s on t.id = s.id when matched then delete when not matched then insert (id) values (s.id, 2)",
        "42601",
        "INSERT has more expressions than target columns",
      ],
    ]);
  });
});
