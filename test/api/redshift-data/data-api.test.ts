import {
  BatchExecuteStatementCommand,
  type BatchExecuteStatementCommandInput,
  CancelStatementCommand,
  DescribeStatementCommand,
  DescribeTableCommand,
  ExecuteStatementCommand,
  type ExecuteStatementCommandInput,
  GetStatementResultCommand,
  GetStatementResultV2Command,
  ListDatabasesCommand,
  ListSchemasCommand,
  ListSessionsCommand,
  ListStatementsCommand,
  ListTablesCommand,
} from "@aws-sdk/client-redshift-data";
import { describe, expect, test } from "vitest";
import { type DataDoor, openDataDoor, TARGET } from "./data-door.js";

const WAIT = { WaitTimeSeconds: 30 };

function execute({ client }: DataDoor, Sql: string, more: Partial<ExecuteStatementCommandInput> = {}) {
  const where = more.SessionId === undefined ? TARGET : {};
  return client.send(new ExecuteStatementCommand({ ...where, Sql, ...more }));
}

function batch({ client }: DataDoor, Sqls: string[], more: Partial<BatchExecuteStatementCommandInput> = {}) {
  return client.send(new BatchExecuteStatementCommand({ ...TARGET, Sqls, ...more }));
}

function describeWhenDone({ client }: DataDoor, Id: string | undefined) {
  return client.send(new DescribeStatementCommand({ Id, ...WAIT }));
}

/** To its end; the description, and the records where there are any. */
async function run(door: DataDoor, sql: string, more: Partial<ExecuteStatementCommandInput> = {}) {
  const { Id } = await execute(door, sql, more);
  const about = await describeWhenDone(door, Id);
  const result = about.HasResultSet ? await door.client.send(new GetStatementResultCommand({ Id })) : undefined;
  return { about, result, records: result?.Records };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe("a statement", () => {
  test("is submitted, runs, and is described with its rows, size and time", async () => {
    const door = await openDataDoor();
    const submitted = await execute(door, "select 1 as a, 'x' as b", { StatementName: "first" });
    expect(submitted).toMatchObject({ Id: expect.stringMatching(UUID), Database: "penstock", WorkgroupName: "local" });
    expect(submitted.CreatedAt).toBeInstanceOf(Date);
    const about = await describeWhenDone(door, submitted.Id);
    expect(about).toMatchObject({
      Status: "FINISHED",
      HasResultSet: true,
      ResultRows: 1,
      QueryString: "select 1 as a, 'x' as b",
      ResultFormat: "JSON",
    });
    expect(about.Duration).toBeGreaterThan(0);
    expect(about.RedshiftPid).toBeGreaterThan(0);
    expect(door.errors).toEqual([]);
  });

  test("answers each type as its Field", async () => {
    const door = await openDataDoor();
    const { records, result } = await run(
      door,
      `select 1::smallint as a, 9007199254740993::bigint as b, 1.50::decimal(6, 2) as c, 2.5::float8 as d, true as e,
         'text' as f, null::int as g, date '2026-01-31' as h, timestamp '2026-01-31 10:00:00.5' as i, json_parse('{"k":[1]}') as j`,
    );
    expect(records?.[0]).toEqual([
      { longValue: 1 },
      { longValue: Number("9007199254740993") },
      { stringValue: "1.50" },
      { doubleValue: 2.5 },
      { booleanValue: true },
      { stringValue: "text" },
      { isNull: true },
      { stringValue: "2026-01-31" },
      { stringValue: "2026-01-31 10:00:00.5" },
      { stringValue: expect.stringMatching(/^\{"k": ?\[1\]\}$/) },
    ]);
    expect(result?.TotalNumRows).toBe(1);
    expect(result?.ColumnMetadata?.map(({ name, typeName }) => [name, typeName])).toEqual([
      ["a", "int2"],
      ["b", "int8"],
      ["c", "numeric"],
      ["d", "float8"],
      ["e", "bool"],
      ["f", "varchar"],
      ["g", "int4"],
      ["h", "date"],
      ["i", "timestamp"],
      ["j", "super"],
    ]);
    expect(result?.ColumnMetadata?.[2]).toMatchObject({ precision: 6, scale: 2, isSigned: true });
  });

  test("that changes rows tells how many, and has no result", async () => {
    const door = await openDataDoor();
    await run(door, "create table t (a int)");
    const { about } = await run(door, "insert into t values (1), (2), (3), (4), (5)");
    expect(about).toMatchObject({ Status: "FINISHED", HasResultSet: false, ResultRows: 5 });
    await expect(door.client.send(new GetStatementResultCommand({ Id: about.Id }))).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      message: "Query does not have result. Please check query status with DescribeStatement.",
    });
  });

  test("that fails says why, as the database does", async () => {
    const door = await openDataDoor();
    const { about } = await run(door, "select * from nothing");
    expect(about).toMatchObject({
      Status: "FAILED",
      Error: expect.stringContaining('ERROR: relation "nothing" does not exist'),
      ResultRows: -1,
    });
    for (const [sql, error] of [
      ["selec 1", /syntax error at or near "selec"/],
      ["select 1; select 2", /cannot insert multiple commands/],
      ["select 1/0", /[Dd]ivi.* by zero/],
    ] as const) {
      expect((await run(door, sql)).about).toMatchObject({ Status: "FAILED", Error: expect.stringMatching(error) });
    }
  });

  test("is waited for where it is submitted", async () => {
    const door = await openDataDoor();
    const answer = await execute(door, "select 1", WAIT);
    expect(answer).toMatchObject({ Status: "FINISHED", HasResultSet: true, RedshiftPid: expect.any(Number) });
  });

  test("takes parameters by name, wherever a value can stand", async () => {
    const door = await openDataDoor();
    const { records } = await run(
      door,
      "select :a::int + 1, :b, 'no :a in here', \"x\" from (select :a::int as x) where x = :a",
      {
        Parameters: [
          { name: "a", value: "41" },
          { name: "B", value: "it's" },
        ],
      },
    );
    expect(records).toEqual([
      [{ longValue: 42 }, { stringValue: "it's" }, { stringValue: "no :a in here" }, { longValue: 41 }],
    ]);
    await expect(execute(door, "select 1", { Parameters: [{ name: "a", value: "1" }] })).rejects.toMatchObject({
      name: "ValidationException",
      message: "Parameters list contains unused parameters. Unused parameters: [a]",
    });
    const wrong = await run(door, "select :a::int", { Parameters: [{ name: "a", value: "x" }] });
    expect(wrong.about).toMatchObject({ Status: "FAILED", Error: expect.stringContaining("invalid input syntax") });
  });

  test("submitted again with its client token is the same one", async () => {
    const door = await openDataDoor();
    await run(door, "create table t (a int)");
    const once = await execute(door, "insert into t values (1)", { ClientToken: "token" });
    const twice = await execute(door, "insert into t values (1)", { ClientToken: "token" });
    expect(twice.Id).toBe(once.Id);
    await describeWhenDone(door, once.Id);
    expect((await run(door, "select count(*) from t")).records).toEqual([[{ longValue: 1 }]]);
    await expect(execute(door, "insert into t values (2)", { ClientToken: "token" })).rejects.toMatchObject({
      name: "ValidationException",
    });
  });

  test("with many rows is answered page by page, and all of it", async () => {
    const door = await openDataDoor();
    const { about } = await run(
      door,
      "select generate_series(1, 60000) as n, 'a text that makes each row a little longer' as t",
    );
    let token: string | undefined;
    let pages = 0;
    const numbers: (number | undefined)[] = [];
    do {
      const page = await door.client.send(new GetStatementResultCommand({ Id: about.Id, NextToken: token }));
      expect(page.TotalNumRows).toBe(60_000);
      numbers.push(...(page.Records ?? []).map(([first]) => first?.longValue));
      token = page.NextToken;
      pages++;
    } while (token !== undefined);
    expect(pages).toBeGreaterThan(2);
    expect(numbers).toEqual(Array.from({ length: 60_000 }, (_, index) => index + 1));
    await expect(
      door.client.send(new GetStatementResultCommand({ Id: about.Id, NextToken: "bm90aGluZw" })),
    ).rejects.toMatchObject({ name: "ValidationException" });
  });

  test("asked for as CSV comes as CSV, and as nothing else", async () => {
    const door = await openDataDoor();
    const { Id } = await execute(door, "select 1 as a, 'say \"x\", y' as b, null::int as c, '' as d", {
      ResultFormat: "CSV",
      ...WAIT,
    });
    const page = await door.client.send(new GetStatementResultV2Command({ Id }));
    expect(page.Records).toEqual([{ CSVRecords: 'a,b,c,d\n1,"say ""x"", y",,""\n' }]);
    expect(page).toMatchObject({ ResultFormat: "CSV", TotalNumRows: 1 });
    await expect(door.client.send(new GetStatementResultCommand({ Id }))).rejects.toMatchObject({
      name: "ValidationException",
    });
  });

  test("that runs is cancelled, and rolled back; one that has ended is not", async () => {
    const door = await openDataDoor();
    await run(door, "create table t (a bigint)");
    const { Id } = await execute(
      door,
      "insert into t with recursive n (i) as (select 1::bigint union all select i + 1 from n where i < 100000000) select i from n",
    );
    for (;;) {
      const { Status } = await door.client.send(new DescribeStatementCommand({ Id }));
      if (Status === "STARTED") break;
    }
    expect(await door.client.send(new CancelStatementCommand({ Id }))).toMatchObject({ Status: true });
    expect(await describeWhenDone(door, Id)).toMatchObject({ Status: "ABORTED" });
    expect((await run(door, "select count(*) from t")).records).toEqual([[{ longValue: 0 }]]);
    await expect(door.client.send(new CancelStatementCommand({ Id }))).rejects.toMatchObject({
      name: "ValidationException",
      message: `Could not cancel a query that is already in ABORTED state with ID: ${Id}`,
    });
  });
});

describe("a batch", () => {
  test("is one transaction: one that fails undoes those before it and stops those behind it", async () => {
    const door = await openDataDoor();
    await run(door, "create table t (a int)");
    const good = await batch(door, ["insert into t values (1)", "select count(*) from t", "insert into t values (2)"]);
    const about = await describeWhenDone(door, good.Id);
    expect(about).toMatchObject({ Status: "FINISHED", HasResultSet: true, ExecutionMode: "TRANSACTION" });
    expect(
      about.SubStatements?.map(({ Id, Status, HasResultSet, ResultRows }) => [Id, Status, HasResultSet, ResultRows]),
    ).toEqual([
      [`${good.Id}:1`, "FINISHED", false, 1],
      [`${good.Id}:2`, "FINISHED", true, 1],
      [`${good.Id}:3`, "FINISHED", false, 1],
    ]);
    const second = await door.client.send(new GetStatementResultCommand({ Id: `${good.Id}:2` }));
    expect(second.Records).toEqual([[{ longValue: 1 }]]);

    const bad = await batch(door, [
      "insert into t values (3)",
      "insert into nothing values (1)",
      "insert into t values (4)",
    ]);
    const failed = await describeWhenDone(door, bad.Id);
    expect(failed).toMatchObject({
      Status: "FAILED",
      Error: expect.stringMatching(/^Query #2 failed with ERROR: relation "nothing" does not exist/),
    });
    expect(failed.SubStatements?.map(({ Status }) => Status)).toEqual(["FINISHED", "FAILED", "ABORTED"]);
    expect((await run(door, "select count(*) from t")).records).toEqual([[{ longValue: 2 }]]);
  });

  test("that commits each statement keeps what went well", async () => {
    const door = await openDataDoor();
    await run(door, "create table t (a int)");
    const { Id } = await batch(
      door,
      ["insert into t values (1)", "insert into nothing values (1)", "insert into t values (2)"],
      {
        ExecutionMode: "AUTO_COMMIT",
      },
    );
    const about = await describeWhenDone(door, Id);
    expect(about.SubStatements?.map(({ Status }) => Status)).toEqual(["FINISHED", "FAILED", "FINISHED"]);
    expect((await run(door, "select count(*) from t")).records).toEqual([[{ longValue: 2 }]]);
  });

  test("shares its parameters", async () => {
    const door = await openDataDoor();
    await run(door, "create table t (a int, b varchar)");
    const { Id } = await batch(door, ["insert into t values (:a, 'x')", "update t set b = :b where a = :a"], {
      Parameters: [
        { name: "a", value: "7" },
        { name: "b", value: "y" },
      ],
    });
    expect((await describeWhenDone(door, Id)).Status).toBe("FINISHED");
    expect((await run(door, "select a, b from t")).records).toEqual([[{ longValue: 7 }, { stringValue: "y" }]]);
  });
});

describe("a session", () => {
  test("keeps temporary tables and settings, one statement at a time, until it expires", async () => {
    const door = await openDataDoor();
    const first = await execute(door, "create temp table t as select 1 as a", { SessionKeepAliveSeconds: 60, ...WAIT });
    expect(first.SessionId).toMatch(UUID);
    const SessionId = first.SessionId;
    const { records } = await run(door, "select a from t", { SessionId });
    expect(records).toEqual([[{ longValue: 1 }]]);
    const listed = await door.client.send(new ListSessionsCommand({}));
    expect(listed.Sessions).toMatchObject([
      { SessionId, Status: "AVAILABLE", Database: "penstock", SessionAliveSeconds: 60 },
    ]);

    await run(door, "select 1", { SessionId, SessionKeepAliveSeconds: 0 });
    await expect(execute(door, "select 1", { SessionId })).rejects.toMatchObject({ name: "ValidationException" });
    expect((await door.client.send(new ListSessionsCommand({ Status: "CLOSED" }))).Sessions).toHaveLength(1);
  });

  test("is not made of a session and a workgroup both", async () => {
    const door = await openDataDoor();
    const { SessionId } = await execute(door, "select 1", { SessionKeepAliveSeconds: 60, ...WAIT });
    await expect(execute(door, "select 1", { SessionId, ...TARGET })).rejects.toMatchObject({
      name: "ValidationException",
    });
  });
});

test("statements are listed, finished ones by default, newest first, in pages", async () => {
  const door = await openDataDoor();
  for (const [name, sql] of [
    ["load-1", "select 1"],
    ["load-2", "select nothing"],
    ["other", "select 3"],
  ]) {
    await run(door, sql!, { StatementName: name! });
  }
  const list = async (input: object) =>
    (await door.client.send(new ListStatementsCommand(input))).Statements?.map(({ StatementName }) => StatementName);
  expect(await list({})).toEqual(["other", "load-1"]);
  expect(await list({ Status: "ALL", StatementName: "load" })).toEqual(["load-2", "load-1"]);
  expect(await list({ Status: "FAILED" })).toEqual(["load-2"]);
  const page = await door.client.send(new ListStatementsCommand({ Status: "ALL", MaxResults: 2 }));
  expect(page.Statements).toHaveLength(2);
  expect(await list({ Status: "ALL", MaxResults: 2, NextToken: page.NextToken })).toEqual(["load-1"]);
});

test("the catalog is listed: databases, schemas, tables, columns", async () => {
  const door = await openDataDoor();
  await run(door, "create schema shop");
  await run(door, "create table shop.orders (id bigint not null, name varchar(20) default 'x', amount decimal(8, 2))");
  const where = TARGET;
  expect((await door.client.send(new ListDatabasesCommand(where))).Databases).toEqual(["penstock"]);
  const schemas = await door.client.send(new ListSchemasCommand({ ...where, SchemaPattern: "sh%" }));
  expect(schemas.Schemas).toEqual(["shop"]);
  const tables = await door.client.send(new ListTablesCommand({ ...where, SchemaPattern: "shop" }));
  expect(tables.Tables).toEqual([{ schema: "shop", name: "orders", type: "TABLE" }]);
  const table = await door.client.send(new DescribeTableCommand({ ...where, Schema: "shop", Table: "orders" }));
  expect(table.TableName).toBe("orders");
  expect(table.ColumnList).toMatchObject([
    { name: "id", typeName: "int8", nullable: 0, schemaName: "shop", tableName: "orders" },
    { name: "name", typeName: "varchar", nullable: 1, precision: 20 },
    { name: "amount", typeName: "numeric", precision: 8, scale: 2 },
  ]);
});

describe("a request that makes no sense is refused", () => {
  test.for([
    [{ Sql: "select 1", Database: "penstock" }, "Either ClusterIdentifier or WorkgroupName must be given."],
    [{ Sql: "select 1", WorkgroupName: "local" }, "Database must be given."],
    [
      { ...TARGET, ClusterIdentifier: "c", Sql: "select 1" },
      "ClusterIdentifier and WorkgroupName cannot both be given.",
    ],
    [{ ...TARGET, Sql: " " }, "The SQL statement is empty."],
    [{ ...TARGET, Sql: `select '${"x".repeat(110_000)}'` }, /at most 102400 \(100 KB\)/],
    [{ ...TARGET, Sql: "select 1", WaitTimeSeconds: 31 }, /'waitTimeSeconds' failed to satisfy constraint/],
  ] as const)("case %#", async ([input, message]) => {
    const door = await openDataDoor();
    await expect(door.client.send(new ExecuteStatementCommand(input))).rejects.toMatchObject({
      name: "ValidationException",
      message: typeof message === "string" ? message : expect.stringMatching(message),
    });
  });

  test("a statement that is not there, a database of another name", async () => {
    const door = await openDataDoor();
    const Id = "00000000-0000-0000-0000-000000000000";
    await expect(door.client.send(new DescribeStatementCommand({ Id }))).rejects.toMatchObject({
      name: "ResourceNotFoundException",
    });
    const { about } = await run(door, "select 1", { Database: "other" });
    expect(about).toMatchObject({
      Status: "FAILED",
      Error: expect.stringContaining('database "other" does not exist'),
    });
  });
});

test("throttling, where it is switched on, refuses what is beyond the service's requests a second", async () => {
  const door = await openDataDoor({ throughputLimits: true });
  const answers = await Promise.allSettled(Array.from({ length: 45 }, () => execute(door, "select 1")));
  const refused = answers.filter(({ status }) => status === "rejected");
  expect(refused.length).toBeGreaterThan(0);
  expect(refused[0]).toMatchObject({ reason: { name: "ThrottlingException" } });
});
