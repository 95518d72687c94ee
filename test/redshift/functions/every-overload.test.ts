import { expect, test } from "vitest";
import { settled } from "../../../src/redshift/binder/expressions/bind-expression.js";
import { runtimeError } from "../../../src/redshift/functions/raise.js";
import { functionEntry, listFunctions } from "../../../src/redshift/functions/registry.js";
import { SqlError } from "../../../src/redshift/sql-error.js";
import { duckDb, evaluator } from "../support/evaluate.js";

/** A column of each type, so that nothing is worked out beforehand, with a NULL in the second row. */
const table = {
  from: `(VALUES
    (3::SMALLINT, 7, 11::BIGINT, 2.50::DECIMAL(8,2), 1.5::DOUBLE, 'abc', TRUE, DATE '2024-01-31', TIMESTAMP '2024-01-31 10:20:30.5',
     TIMESTAMPTZ '2024-01-31 10:20:30+00', TIME '10:20:30', to_days(3), '{"a":[1,"x"]}'::JSON, 'ab'::BLOB),
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
  ) v(s, i, b, d, f, t, o, day, moment, zoned, clock, span, obj, bytes)`,
  columns: {
    s: { kind: "smallint" },
    i: { kind: "integer" },
    b: { kind: "bigint" },
    d: { kind: "decimal", precision: 8, scale: 2 },
    f: { kind: "double" },
    t: { kind: "varchar", length: 10 },
    o: { kind: "boolean" },
    day: { kind: "date" },
    moment: { kind: "timestamp" },
    zoned: { kind: "timestamptz" },
    clock: { kind: "time" },
    span: { kind: "interval-day-second" },
    obj: { kind: "super" },
    bytes: { kind: "varbyte", length: 10 },
  },
} as const;

const names = Object.keys(table.columns);
const literals = ["1", "'day'", "2.5", "NULL", "'YYYY-MM'"];
const WITHOUT_PARENTHESES: ReadonlySet<string> = new Set(["user", "current_user", "session_user"]);
/** Not evaluated here: the catalog's macros are made beside the system views. */
const CATALOG = /penstock_catalog\./;

function argumentLists(): string[] {
  const one = [...names, ...literals];
  const two = one.flatMap((first) => ["t", "moment", "1", "obj"].map((second) => `${first}, ${second}`));
  const three = ["t", "obj", "'day'", "i", "day", "NULL"].flatMap((first) =>
    ["t", "i", "1", "day"].flatMap((second) =>
      ["t", "1", "moment", "day", "i"].map((third) => `${first}, ${second}, ${third}`),
    ),
  );
  return ["", ...one, ...two, ...three, "t, t, 1, 1", "t, 'b', 1, 1, 'i'", "d, f, f, i", "i, 1, t, 2, t, t"];
}

/** They mean nothing without a GROUP BY, which the tests of queries have. */
const OF_GROUP_BY = new Set(["grouping", "grouping_id"]);

test("whatever types a function is called with, it is refused as Redshift would or runs in the engine", async () => {
  const { bind, context } = evaluator({}, table);
  const lists = argumentLists();
  const wrong: string[] = [];
  let ran = 0;
  // Names that mean the same function are tried once.
  const seen = new Set<unknown>();
  for (const { name, kind, status } of listFunctions()) {
    const entry = functionEntry(name)!;
    const same = entry.bind ?? entry.overloads[0];
    if (status === "no" || seen.has(same) || OF_GROUP_BY.has(name)) continue;
    seen.add(same);
    const over = kind === "window" ? " OVER (ORDER BY i ROWS UNBOUNDED PRECEDING)" : "";
    const bound: { readonly call: string; readonly sql: string }[] = [];
    for (const list of lists) {
      const call = WITHOUT_PARENTHESES.has(name) ? name : `${name}(${list})${over}`;
      try {
        const { sql } = settled(bind(call), context);
        if (!CATALOG.test(sql)) bound.push({ call, sql });
      } catch (error) {
        if (!(error instanceof SqlError)) wrong.push(`${call}: ${String(error)}`);
      }
    }
    ran += bound.length;
    // Together as far as they run; one by one where some fail, as they may by their values.
    for (let first = 0; first < bound.length; first += 12) {
      const some = bound.slice(first, first + 12);
      if (await runs(some.map(({ sql }) => sql).join(", "))) continue;
      for (const { call, sql } of some) {
        const message = await failure(sql);
        if (message !== undefined && runtimeError(message) === undefined) wrong.push(`${call}: ${message}\n    ${sql}`);
      }
    }
  }
  expect(wrong).toEqual([]);
  expect(ran).toBeGreaterThan(1_000);
}, 120_000);

async function failure(items: string): Promise<string | undefined> {
  try {
    await (await duckDb()).run(`SELECT ${items} FROM ${table.from}`);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function runs(items: string): Promise<boolean> {
  return (await failure(items)) === undefined;
}
