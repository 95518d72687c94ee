import { describe, expect, it } from "vitest";
import market from "../../examples/market/penstock.js";
import { draftOf, PIPELINE } from "../../src/definition/brand.js";
import type { PipelineModel } from "../../src/definition/model.js";
import { EXECUTION_OBJECTS_MAX, newObjectOf, planExecutions } from "../../src/lambda/load-batch.js";

const { tables } = draftOf<PipelineModel>(market, PIPELINE)!;
const objectAt = (key: string) => ({ key, sizeBytes: 10 });

describe("executions of the load", () => {
  it("an S3 event of EventBridge is read, and nothing else", () => {
    const detail = { bucket: { name: "lake" }, object: { key: "tables/quotes/day=2026-11-22/a.parquet", size: 7 } };
    expect(newObjectOf(JSON.stringify({ detail }))).toEqual({ bucket: "lake", key: detail.object.key, sizeBytes: 7 });
    for (const body of ["{}", "null", "no JSON", '{"detail":{"bucket":7}}']) expect(newObjectOf(body)).toBeUndefined();
  });

  it("the same message is the same execution, in whatever order; another message of the same objects is another", () => {
    const [a, b] = [objectAt("tables/quotes/a"), objectAt("tables/quotes/b")];
    const [first] = planExecutions(tables, [a, b, a], "one");
    expect(planExecutions(tables, [b, a], "one")).toEqual([first]);
    expect(first!.name).toMatch(/^quotes-[0-9a-f]{32}$/);
    expect(first!.input).toEqual({ table: "quotes", objects: [a, b] });
    expect(planExecutions(tables, [a, b], "two")[0]!.name).not.toBe(first!.name);
  });

  it("each table gets its own, of no more objects than an execution can carry", () => {
    const many = Array.from({ length: EXECUTION_OBJECTS_MAX + 1 }, (_, index) =>
      objectAt(`tables/quotes/${"x".repeat(900)}${index}`),
    );
    const loads = planExecutions(tables, [...many, objectAt("tables/daily_prices/a"), objectAt("errors/quotes/a")], "");
    expect(loads.map(({ input }) => [input.table, input.objects.length])).toEqual([
      ["daily_prices", 1],
      ["quotes", EXECUTION_OBJECTS_MAX],
      ["quotes", 1],
      // Dead letters are loaded by themselves.
      ["quotes", 1],
    ]);
  });
});
