import { describe, expect, it } from "vitest";
import market from "../../examples/market/penstock.js";
import { draftOf, PIPELINE } from "../../src/definition/brand.js";
import type { PipelineModel } from "../../src/definition/model.js";
import { newObjectOf, planLoads } from "../../src/lambda/load-batch.js";
import { SOURCES_MAX } from "../../src/warehouse/redshift/statements.js";

const { tables } = draftOf<PipelineModel>(market, PIPELINE)!;
const ROLE = "arn:aws:iam::111122223333:role/copy";
const objectAt = (key: string) => ({ bucket: "lake", key, sizeBytes: 10 });

describe("loads on AWS", () => {
  it("reads an S3 event of EventBridge, and nothing else", () => {
    const detail = { bucket: { name: "lake" }, object: { key: "tables/quotes/day=2026-11-22/a.parquet", size: 7 } };
    expect(newObjectOf(JSON.stringify({ detail }))).toEqual({ bucket: "lake", key: detail.object.key, sizeBytes: 7 });
    expect(newObjectOf("{}")).toBeUndefined();
  });

  it("the same objects are the same execution, in whatever order and however often they come", () => {
    const [a, b] = [objectAt("tables/quotes/a"), objectAt("tables/quotes/b")];
    const [first] = planLoads(tables, [a, b, a], ROLE);
    expect(planLoads(tables, [b, a], ROLE)).toEqual([first]);
    expect(first!.name).toMatch(/^quotes-[0-9a-f]{32}$/);
    expect(first!.manifests.map(({ body }) => JSON.parse(body).entries)).toEqual([
      [{ url: "s3://lake/tables/quotes/a", mandatory: true, meta: { content_length: 10 } }],
      [{ url: "s3://lake/tables/quotes/b", mandatory: true, meta: { content_length: 10 } }],
    ]);
  });

  it("each table gets its own load, of no more objects than a statement can name", () => {
    const many = Array.from({ length: SOURCES_MAX + 1 }, (_, index) =>
      objectAt(`tables/quotes/${"x".repeat(900)}${index}`),
    );
    const loads = planLoads(tables, [...many, objectAt("tables/daily_prices/a"), objectAt("errors/quotes/a")], ROLE);
    expect(loads.map(({ table }) => table)).toEqual(["daily_prices", "quotes", "quotes"]);
    const longest = Math.max(
      ...loads.flatMap(({ input }) => input.transactions.flatMap(({ sqls }) => sqls.map((sql) => sql.length))),
    );
    expect(longest).toBeLessThan(100_000);
    for (const { input } of loads) expect(JSON.stringify(input).length).toBeLessThan(256 * 1024);
  });

  it("locks the ledger first, copies by the manifest, and never truncates", () => {
    const [load] = planLoads(tables, [objectAt("tables/quotes/a")], ROLE);
    const { sqls } = load!.input.transactions[1]!;
    expect(sqls[0]).toBe('LOCK TABLE "penstock"."locks_quotes", "penstock"."locks"');
    const copies = sqls.filter((sql) => sql.startsWith("COPY"));
    expect(copies).toHaveLength(1);
    expect(copies[0]).toMatch(
      new RegExp(`FROM 's3://lake/${load!.manifests[0]!.key}' IAM_ROLE '${ROLE}' FORMAT AS PARQUET MANIFEST$`),
    );
    expect(sqls.join(";")).not.toMatch(/TRUNCATE|COMMIT/i);
  });
});
