import { describe, expect, test } from "vitest";
import type { TableModel } from "../../src/definition/model.js";
import { parseStatements } from "../../src/redshift/syntax/parse.js";
import {
  AWS_PLACE,
  describeSql,
  LEDGER_KEYS_MAX,
  LOAD_OBJECTS_MAX,
  type LoadGiven,
  type LoadObject,
  ledgerSql,
  outcomeSql,
  planLoad,
  planSources,
  prepareSteps,
  quarantineSteps,
  type RedshiftPlace,
  readOutcome,
  type Step,
  tableChanges,
} from "../../src/warehouse/redshift/statements.js";
import { column, tableModel } from "../loader/fixtures.js";

const DENSE: RedshiftPlace = { ...AWS_PLACE, sequence: "dense" };
const KEY_BYTES = 1000;

function objects(count: number, more: Partial<LoadObject> = {}): LoadObject[] {
  return Array.from({ length: count }, (_, at) => ({
    key: `${"k".repeat(KEY_BYTES)}/${at}.parquet`,
    kind: "rows",
    flush: at,
    schemaVersion: 1,
    rows: 2,
    sizeBytes: 100,
    ...more,
  }));
}

function given(table: TableModel, given: readonly LoadObject[], more: Partial<LoadGiven> = {}): LoadGiven {
  const mode = more.mode ?? "checked";
  const looked = given.map((object, at) => ({ object, columns: at % 3 === 0 ? 6 : 7 }));
  return {
    table,
    target: table.name,
    place: DENSE,
    loadId: "load-1",
    iamRole: "default",
    sources: planSources(table, looked, mode).map((source, at) => ({ ...source, manifestUrl: `s3://lake/${at}.json` })),
    mode,
    ...more,
  };
}

const plainTable = tableModel();
const widest = tableModel({
  sources: ["a", "b"],
  columns: [
    ...plainTable.columns.slice(0, 2),
    column("size", { kind: "integer" }, { default: 3, nullable: false }),
    column("note", { kind: "super" }),
    column("at", { kind: "timestamptz" }),
    column("clock", { kind: "time" }, { default: "12:00:00" }),
  ],
  dedupe: { by: ["symbol", "bid"], keep: "latest" },
});
const letters = Array.from({ length: 200 }, (_, at) => `quotes/shardId-000000000000/${at}/0`);

const lists: readonly (readonly [string, readonly Step[]])[] = [
  ["the tables", prepareSteps(widest, AWS_PLACE)],
  ["a plain load", planLoad(given(plainTable, objects(LOAD_OBJECTS_MAX), { mode: "plain" }))],
  ["a checked load", planLoad(given(plainTable, objects(LOAD_OBJECTS_MAX)))],
  [
    "a load on AWS",
    planLoad(given(widest, objects(8), { place: AWS_PLACE, iamRole: "arn:aws:iam::111122223333:role/copy" })),
  ],
  ["a load with everything", planLoad(given(widest, objects(LOAD_OBJECTS_MAX), { skipExisting: true }))],
  [
    "a part",
    planLoad(
      given(widest, objects(30), {
        skipExisting: true,
        range: { fromSequence: 1, toSequence: 9, sinceMs: 0, untilMs: 9, shardId: "s" },
      }),
    ),
  ],
  [
    "a redrive",
    planLoad(
      given(widest, objects(1), {
        skipExisting: true,
        redriven: letters,
        edited: new Map([[letters[0]!, Buffer.from("it's")]]),
      }),
    ),
  ],
  ["letters alone", planLoad(given(widest, [], { redriven: letters }))],
  ["dead letters", planLoad(given(widest, objects(LOAD_OBJECTS_MAX, { kind: "dead" })))],
  ["a dry run", planLoad(given(widest, objects(8), { dryRun: true }))],
  ["a quarantine", quarantineSteps(DENSE, "quotes", objects(1)[0]!, "it's \\ bad")],
  [
    "questions",
    [
      describeSql(DENSE, "quotes"),
      outcomeSql(DENSE, "quotes", "x"),
      ledgerSql(
        DENSE,
        "quotes",
        objects(LEDGER_KEYS_MAX).map(({ key }) => key),
      ),
    ].map((sql): Step => ({ kind: "report", sql })),
  ],
];

describe("the statements for Redshift", () => {
  test.each(lists)("%s: one statement each, in the dialect, within what a batch may have", (_, steps) => {
    expect(steps.length).toBeLessThanOrEqual(40);
    for (const { sql } of steps) {
      expect(Buffer.byteLength(sql)).toBeLessThan(100_000);
      expect(parseStatements(sql)).toHaveLength(1);
    }
    // TRUNCATE commits, and so would these; the ledger would be told of rows that are not there.
    const verbs = steps.flatMap(({ sql }) => parseStatements(sql).map(({ verb }) => verb));
    expect(verbs.filter((verb) => /TRUNCATE|COMMIT|END|BEGIN|ROLLBACK|VACUUM/.test(verb))).toEqual([]);
  });

  test("a load takes its target's turn before it looks at anything", () => {
    for (const [name, steps] of lists) {
      if (!/load|redrive|letters|quarantine|part|dry/.test(name)) continue;
      expect(steps[0]!.sql).toMatch(/^LOCK TABLE "penstock"\."locks_quotes"/);
      expect(steps[1]!.sql).toMatch(/^UPDATE "penstock"\."locks_quotes" SET transactions/);
    }
  });

  test("few objects have a COPY each, many share one, and never do versions", () => {
    const shapes = (count: number, mode: "plain" | "checked") =>
      planSources(
        plainTable,
        objects(count).map((object, at) => ({ object, columns: at % 3 === 0 ? 6 : 7 })),
        mode,
      ).map(({ columns, objects: own }) => `${columns}:${own.length}`);
    expect(shapes(3, "checked")).toEqual(["6:1", "7:1", "7:1"]);
    expect(shapes(64, "plain")).toEqual(["6:22", "7:42"]);
    expect(shapes(64, "checked").length).toBeLessThanOrEqual(8);
  });

  test("names that would be too long for the ledger's tables stay apart", () => {
    const long = (end: string) => planLoad(given(tableModel({ name: `${"t".repeat(125)}${end}` }), objects(1)))[0]!.sql;
    expect(long("a")).not.toBe(long("b"));
    expect(/"(locks_[^"]*)"/.exec(long("a"))![1]!.length).toBeLessThanOrEqual(127);
  });

  test("a table that is there gets new columns at its end and longer texts; all else is a difference", () => {
    const present = [
      { name: "_shard_id", type: "character varying(256)", nullable: false },
      { name: "_sequence_number", type: "bigint", nullable: false },
      { name: "_row_index", type: "integer", nullable: false },
      { name: "_arrived_at", type: "timestamp with time zone", nullable: false },
      { name: "symbol", type: "character varying(6)", nullable: false },
      { name: "bid", type: "numeric(12,4)", nullable: true },
    ];
    const changes = tableChanges(plainTable, "quotes", present, DENSE);
    expect(changes.differences).toEqual([]);
    expect(changes.alone.map(({ sql }) => sql)).toEqual([
      'ALTER TABLE "public"."quotes" ALTER COLUMN "symbol" TYPE VARCHAR(12)',
    ]);
    expect(changes.steps.map(({ sql }) => sql)).toEqual(['ALTER TABLE "public"."quotes" ADD COLUMN "size" INTEGER']);
    const shorter = present.map((one) => (one.name === "symbol" ? { ...one, type: "character varying(13)" } : one));
    expect(tableChanges(plainTable, "quotes", shorter, DENSE).differences).toHaveLength(1);
  });
});

describe("what became of a batch", () => {
  const kinds = ["lock", "schema", "fresh", "copy", "count", "rows", "ledger", "report"] as const;
  const failed = (step: number, said: string) =>
    readOutcome(
      {
        Status: "FAILED",
        Error: `Query #${step + 1} failed with ${said}`,
        SubStatements: kinds.map((_, at) => ({
          Status: at < step ? "FINISHED" : at === step ? "FAILED" : "ABORTED",
          Error: at === step ? said : undefined,
        })),
      },
      kinds,
    ).kind;

  test("is read from the step that failed", () => {
    expect(failed(0, 'ERROR: relation "penstock.locks_quotes" does not exist')).toBe("schema");
    expect(failed(0, "ERROR: 1023: Serializable isolation violation on table - locks_quotes")).toBe("conflict");
    expect(failed(1, 'ERROR: column "note" does not exist')).toBe("schema");
    expect(failed(2, "ERROR: Divide by zero")).toBe("taken");
    expect(failed(2, "ERROR: division by zero")).toBe("taken");
    expect(failed(3, "ERROR: Spectrum Scan Error: Unmatched number of columns")).toBe("refused");
    expect(failed(3, "ERROR: S3ServiceException:Please reduce your request rate.,Status 503,Error SlowDown")).toBe(
      "unavailable",
    );
    expect(failed(3, "ERROR: S3ServiceException:Access Denied,Status 403,Error AccessDenied")).toBe("unavailable");
    // Names are no words of the error's.
    expect(
      failed(
        3,
        "ERROR: Spectrum Scan Error: File 's3://lake/connection timeouts/a.parquet' is not a valid Parquet file",
      ),
    ).toBe("refused");
    expect(failed(3, "ERROR: Problem reading s3://lake/conflicts/a.parquet: no such key")).toBe("refused");
    expect(failed(4, "ERROR: Divide by zero")).toBe("refused");
    expect(failed(5, "ERROR: could not serialize access")).toBe("conflict");
    expect(failed(5, "ERROR: Disk Full")).toBe("unavailable");
    expect(failed(6, "ERROR: something else")).toBe("unavailable");
  });

  test("is unknown where all statements were carried out, or somebody stopped them", () => {
    const done = kinds.map(() => ({ Status: "FINISHED" }));
    expect(readOutcome({ Status: "FAILED", Error: "connection lost", SubStatements: done }, kinds).kind).toBe(
      "unknown",
    );
    expect(readOutcome({ Status: "ABORTED", SubStatements: done }, kinds).kind).toBe("unknown");
    expect(readOutcome({ Status: "STARTED" }, kinds).kind).toBe("running");
    expect(readOutcome({ Status: "FINISHED", SubStatements: done }, kinds).kind).toBe("committed");
    expect(readOutcome({ Status: "FAILED", Error: "Query #4 failed with ERROR: no such key" }, kinds)).toMatchObject({
      kind: "refused",
      step: 3,
    });
  });
});
