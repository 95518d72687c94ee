import fc from "fast-check";
import { afterAll, beforeAll, expect, describe as group, test } from "vitest";
import type { ColumnModel, TableModel } from "../../src/definition/model.js";
import { mappingOf } from "../../src/definition/types.js";
import { decodeRecord } from "../../src/delivery/codec/decode-record.js";
import { planRows } from "../../src/delivery/codec/row-plan.js";
import { planFastPath, sqlName, sqlText } from "../../src/delivery/fast-path.js";
import { column, tableModel } from "../fixtures/tables.js";
import { type ConversionKit, conversionKit, journalBlock } from "./conversion-kit.js";
import { columnTypes, csvField, csvTypes, jsonDocument, jsonText } from "./record-arbitraries.js";

/**
 * The two implementations of the codec, held together: whatever the fast path takes, the reference reads alike. Payloads that the fast
 * path leaves are no failure, but the last test sees to it that it takes what producers commonly send.
 */
let kit: ConversionKit;
beforeAll(async () => {
  kit = await conversionKit();
});
afterAll(() => kit.close());

const seed = Number(process.env.PENSTOCK_SEED ?? Date.now() % 2 ** 31);

interface Verdict {
  readonly kind: "row" | "filtered" | "unsure";
  readonly cells?: readonly unknown[];
}

/** What the fast path says of each payload; its values as DuckDB prints the lake's types. */
async function fastVerdicts(table: TableModel, payloads: readonly string[]): Promise<Verdict[]> {
  const fast = planFastPath(table)!;
  const values = payloads.map((text, index) => `(${index}, ${sqlText(text)})`).join(", ");
  const relation = `(SELECT n, nullif(d, '') AS d, contains(d, '\\u0000') AS holds_nul FROM (VALUES ${values}) AS given(n, d))`;
  const columns = table.columns.map(({ name }) => `CAST(${sqlName(name)} AS VARCHAR)`);
  const verdicts: Verdict[] = payloads.map(() => ({ kind: "unsure" }));
  await kit.engine.session(async (session) => {
    const layers = fast.layers(relation, "careful");
    await session.read(`SELECT n::DOUBLE FROM ${layers} WHERE ${fast.isFiltered}`, (rows) => {
      for (const [n] of rows) verdicts[Number(n)] = { kind: "filtered" };
    });
    await session.read(
      `SELECT n::DOUBLE, ${columns.join(", ")} FROM (SELECT n, ${fast.outputs.join(", ")} FROM ${layers} WHERE ${fast.isRow})`,
      (rows) => {
        for (const [n, ...cells] of rows) verdicts[Number(n)] = { kind: "row", cells };
      },
    );
  });
  return verdicts;
}

/** The same of the reference: its canonical texts, cast and printed as above. */
async function referenceVerdicts(table: TableModel, payloads: readonly string[]): Promise<Verdict[]> {
  const plan = planRows(table);
  const verdicts: Verdict[] = [];
  const rows: { readonly n: number; readonly cells: readonly (string | null)[] }[] = [];
  for (const [n, payload] of payloads.entries()) {
    const outcomes = [...decodeRecord(plan, Buffer.from(payload))];
    const [only] = outcomes;
    if (outcomes.length !== 1 || only?.kind === "dead") verdicts.push({ kind: "unsure" });
    else if (only?.kind === "filtered") verdicts.push({ kind: "filtered" });
    else {
      verdicts.push({ kind: "row" });
      rows.push({ n, cells: only!.cells });
    }
  }
  if (rows.length === 0) return verdicts;
  const values = rows.map(
    ({ n, cells }) => `(${[n, ...cells.map((cell) => (cell === null ? "NULL::VARCHAR" : sqlText(cell)))].join(", ")})`,
  );
  const casts = table.columns.map(({ type }, index) => `CAST(CAST(c${index} AS ${mappingOf(type).lake}) AS VARCHAR)`);
  const names = ["n", ...table.columns.map((_, index) => `c${index}`)];
  await kit.engine.session((session) =>
    session.read(
      `SELECT n::DOUBLE, ${casts.join(", ")} FROM (VALUES ${values.join(", ")}) AS given(${names.join(", ")})`,
      (chunk) => {
        for (const [n, ...cells] of chunk) verdicts[Number(n)] = { kind: "row", cells };
      },
    ),
  );
  return verdicts;
}

async function expectAgreement(table: TableModel, payloads: readonly string[]): Promise<void> {
  const fast = await fastVerdicts(table, payloads);
  const reference = await referenceVerdicts(table, payloads);
  for (const [index, verdict] of fast.entries()) {
    if (verdict.kind === "unsure") continue;
    expect({ payload: payloads[index], verdict }).toEqual({ payload: payloads[index], verdict: reference[index] });
  }
}

group("what the fast path takes, the reference reads alike", () => {
  test("each type, from any JSON value", { timeout: 240_000 }, async () => {
    for (const type of columnTypes) {
      for (const more of [{}, { nullable: false }, { default: defaultFor(type.kind) }] as Partial<ColumnModel>[]) {
        if ("default" in more && more.default === undefined) continue;
        const table = tableModel([column("a", type, more)]);
        const payloads = fc.sample(jsonText(type), { numRuns: 150, seed }).map((value) => `{"a":${value}}`);
        await expectAgreement(table, payloads);
      }
    }
  });

  test("whole documents: spaces, duplicate keys, nesting, unknown fields, broken ends", {
    timeout: 240_000,
  }, async () => {
    const columns = [
      column("a", { kind: "varchar", length: 12 }),
      column("b", { kind: "bigint" }),
      column("c", { kind: "decimal", precision: 12, scale: 4 }, { path: ["n", "c"] }),
      column("d", { kind: "super" }),
    ];
    const formats = ["ignore", "reject", "keep"] as const;
    for (const unknownFields of formats) {
      for (const where of [undefined, { field: "a", in: ["x", "1", true] }, { field: "k", in: [1, "SPY"] }]) {
        const table = tableModel([...columns, column("rest", { kind: "varchar", length: 200 })], {
          format: { kind: "json", unknownFields, ...(unknownFields === "keep" ? { keepIn: "rest" } : {}) },
          ...(where ? { where } : {}),
        });
        await expectAgreement(table, fc.sample(jsonDocument, { numRuns: 400, seed }));
      }
    }
  });

  test("dates and times with a column's own format", async () => {
    for (const timeFormat of ["epochsecs", "epochmillisecs"]) {
      const table = tableModel([column("a", { kind: "timestamptz" }, { timeFormat })]);
      const numbers = fc.sample(fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.double()), { numRuns: 200, seed });
      await expectAgreement(
        table,
        numbers.map((value) => `{"a":${String(value)}}`),
      );
    }
  });

  test("CSV fields of each type", { timeout: 240_000 }, async () => {
    for (const nullAs of ["", "\\N"]) {
      for (const type of csvTypes) {
        const table = tableModel([column("a", type), column("b", { kind: "varchar", length: 6 })], {
          format: { kind: "csv", header: "none", delimiter: ",", quote: '"', escape: '"', nullAs },
        });
        const pairs = fc.sample(fc.tuple(csvField(type), csvField({ kind: "varchar", length: 6 })), {
          numRuns: 150,
          seed,
        });
        await expectAgreement(
          table,
          pairs.map(([a, b]) => `${a},${b}`),
        );
      }
    }
  });
});

function defaultFor(kind: string): string | number | undefined {
  return { varchar: "x", bigint: 5, decimal: "0" }[kind];
}

test("what producers commonly send never leaves the fast path", async () => {
  const table = tableModel([
    column("symbol", { kind: "varchar", length: 12 }, { nullable: false }),
    column("zip", { kind: "varchar", length: 12 }),
    column("bid", { kind: "decimal", precision: 12, scale: 4 }),
    column("size", { kind: "integer" }),
    column("ratio", { kind: "double" }),
    column("live", { kind: "boolean" }),
    column("quoted_at", { kind: "timestamptz" }),
    column("day", { kind: "date" }),
    column("note", { kind: "varchar", length: 100 }),
  ]);
  const row = {
    symbol: "SPY",
    zip: "02139-4307",
    bid: 512.34,
    size: 100,
    ratio: 0.1,
    live: true,
    quoted_at: "2026-11-22T09:30:00.250Z",
    day: "2026-11-22",
    note: '2 lines,\n"quoted" ✓',
  };
  const compact = JSON.stringify(row);
  const spaced = JSON.stringify(row, null, 1).replaceAll("\n", " ");
  const sparse = '{"symbol":"SPY","note":null,"unknown":[1,{"a":2}]}';
  const others = [
    "2026-11-22 09:30:00",
    "2026-11-22T09:30:00",
    "2026-11-22T09:30:00Z",
    "2026-11-22T09:30:00.123456+00:00",
  ].map((quoted_at) => JSON.stringify({ ...row, quoted_at, bid: "512.3400", ratio: 3, size: -1 }));
  const verdicts = await fastVerdicts(table, [compact, spaced, sparse, ...others]);
  expect(verdicts.map(({ kind }) => kind)).toEqual(verdicts.map(() => "row"));
});

test("a whole conversion yields each record's rows once, whichever way they went", async () => {
  const table = tableModel(
    [column("a", { kind: "decimal", precision: 20, scale: 2 }), column("b", { kind: "varchar", length: 40 })],
    {
      where: { field: "k", in: ["y"] },
    },
  );
  const payloads = fc.sample(
    fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((a) => `{"k":"y","a":${a}}`),
      fc.string({ unit: "binary" }).map((b) => `{"k":"y","b":${JSON.stringify(b)}}`),
      fc.constantFrom(
        '{"k":"n"}',
        '{"k":"y","a":"bad"}',
        '{"k":"y"}{"k":"y"}\n{"k":"n"}',
        "",
        "{",
        '{"k":"y","a":1}\n',
      ),
    ),
    { numRuns: 500, seed },
  );
  const result = await kit.convert(table, [
    { stream: "events", block: journalBlock(payloads.slice(0, 200)) },
    { stream: "events", block: journalBlock(payloads.slice(200), { first: 201 }) },
    { stream: "events", block: journalBlock(['{"k":"y","a":1}', '{"k":"y","a":2}'], { shard: 3 }) },
  ]);
  const plan = planRows(table);
  const outcomes = [...payloads, '{"k":"y","a":1}', '{"k":"y","a":2}'].map((payload) => [
    ...decodeRecord(plan, Buffer.from(payload)),
  ]);
  const expected = outcomes.flat();
  const counts = { row: 0, filtered: 0, dead: 0 };
  for (const { kind } of expected) counts[kind]++;
  expect({ row: result.rows, filtered: result.filtered, dead: result.dead }).toEqual(counts);
  expect(result.deadLetters).toHaveLength(counts.dead);
  const identities = await kit.query(
    `SELECT count(*)::DOUBLE, count(DISTINCT (_shard_id, _sequence_number, _row_index))::DOUBLE FROM (
       SELECT _shard_id, _sequence_number, _row_index FROM read_parquet('${result.rowsFiles[0]!.path}')
       UNION ALL SELECT _shard_id, _sequence_number, _row_index FROM read_parquet('${result.filteredFile}'))`,
  );
  expect(identities).toEqual([[counts.row + counts.filtered, counts.row + counts.filtered]]);
  const [sum] = await kit.query(
    `SELECT sum(a)::VARCHAR, count(b)::DOUBLE FROM read_parquet('${result.rowsFiles[0]!.path}')`,
  );
  const rows = expected.flatMap((outcome) => (outcome.kind === "row" ? [outcome.cells] : []));
  const cents = rows.reduce((total, [a]) => total + BigInt((a ?? "0").replace(".", "") || 0), 0n);
  expect(BigInt(String(sum![0]).replace(".", ""))).toBe(cents);
  expect(sum![1]).toBe(rows.filter(([, b]) => b !== null).length);
});

test("a record that is no JSON costs no other its row, in this conversion and in those that follow", async () => {
  const table = tableModel([column("a", { kind: "integer" })]);
  const good = ['{"a":1}', '{"a":2}', '{"a":null}', "{}"];
  const counts: unknown[] = [];
  for (const payloads of [good, [...good, '{"a":'], [...good, "[", "x"], good, good]) {
    const { rows, dead } = await kit.convert(table, [{ stream: "events", block: journalBlock(payloads) }]);
    counts.push({ rows, dead });
  }
  expect(counts).toEqual([0, 1, 2, 0, 0].map((dead) => ({ rows: 4, dead })));
});
