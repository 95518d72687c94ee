import { describe, expect, test } from "vitest";
import { forecast } from "../../src/advisor/forecast.js";
import { DEFAULT_ASSUMPTIONS, pipelineLoad } from "../../src/advisor/pipeline-load.js";
import type { PipelineModel } from "../../src/definition/model.js";
import { column, deliverModel, tableModel } from "../fixtures/tables.js";

const MIB = 1024 * 1024;

function pipeline(
  options: { readonly tables?: number; readonly partitioned?: boolean; readonly bufferMs?: number } = {},
): PipelineModel {
  const { tables = 1, partitioned = false, bufferMs = 900_000 } = options;
  return {
    name: "shop",
    streams: [{ name: "orders", kind: "kinesis", shards: 1, retentionHours: 24 }],
    tables: Array.from({ length: tables }, (_, index) =>
      tableModel([column("id", { kind: "integer" })], {
        name: `orders_${index}`,
        sources: ["orders"],
        deliver: deliverModel({
          bufferBytes: 64 * MIB,
          bufferMs,
          partitionBy: partitioned ? [{ name: "shop", column: "id", unit: "value" }] : [],
        }),
      }),
    ),
  };
}

const at = (model: PipelineModel, recordsPerSecond: number, bytesPerRecord: number, partitions = 1) =>
  pipelineLoad(model, new Map([["orders", { recordsPerSecond, bytesPerRecord }]]), DEFAULT_ASSUMPTIONS, {
    activePartitions: new Map(model.tables.map(({ name }) => [name, partitions])),
  });

describe("a forecast", () => {
  test("counts shards, steps of 5 KB, objects, loads and calls at the rate and at ten times it", () => {
    const load = at(pipeline(), 900, 512);
    const now = forecast(load, 1);
    expect(now.streams[0]).toMatchObject({ shardsNeeded: 1, shards: 1, bytesPerSecond: 900 * 512 });
    expect(now.tables[0]).toMatchObject({ rounding: 10, activePartitions: 0 });
    // 64 MiB are full after 146 seconds.
    expect(now.tables[0]!.objectsPerHour).toBeCloseTo((900 * 512 * 3600) / (64 * MIB), 6);
    expect(now.warehouse.loadsPerHour).toBeCloseTo(now.tables[0]!.objectsPerHour, 6);
    expect(now.warehouse.dataApiCallsPerMinute).toBeCloseTo((now.warehouse.loadsPerHour * 5) / 60, 6);
    const later = forecast(load, 10);
    expect(later.streams[0]).toMatchObject({ recordsPerSecond: 9000, shardsNeeded: 9 });
    expect(later.tables[0]!.objectsPerHour).toBeCloseTo(10 * now.tables[0]!.objectsPerHour, 6);
    // Objects that come within a minute are loaded together.
    expect(later.warehouse.loadsPerHour).toBeLessThanOrEqual(60);
    expect(later.cost.totalUsd).toBeGreaterThan(now.cost.totalUsd);
    expect(later.warnings.join("\n")).toContain("needs 9 shards and has 1");
  });

  test("warns of partitions, of readers of a shard, of rounding, of small objects and of a warehouse that never sleeps", () => {
    expect(forecast(at(pipeline({ partitioned: true }), 100, 5000, 450), 1).warnings.join("\n")).toContain(
      "450 partitions at once",
    );
    expect(forecast(at(pipeline({ tables: 6 }), 100, 5000), 1).warnings.join("\n")).toContain("6 tables read it");
    const busy = forecast(at(pipeline({ bufferMs: 10_000 }), 100, 100), 1).warnings.join("\n");
    expect(busy).toContain("bills each record as 5 KB at least");
    expect(busy).toContain("objects an hour");
    expect(busy).toContain("keep the warehouse awake 100% of the time");
    expect(forecast(at(pipeline(), 100, 5120), 1).warnings).toEqual([]);
  });

  test("a little stream would do with a plain PostgreSQL, a large one would not", () => {
    const little = forecast(at(pipeline(), 5, 300), 1).postgres;
    expect(little).toMatchObject({ fits: true, instance: "db.t4g.medium" });
    expect(little.sentence).toMatch(/^A plain PostgreSQL would do: 5\.0 rows a second/);
    expect(forecast(at(pipeline(), 500, 300), 1).postgres.fits).toBe(false);
    expect(forecast(at(pipeline(), 5, 300), 1000).postgres.fits).toBe(false);
  });

  test("a slower buffer lets the warehouse sleep, and costs less", () => {
    const hasty = forecast(at(pipeline({ bufferMs: 60_000 }), 10, 300), 1);
    const patient = forecast(at(pipeline({ bufferMs: 900_000 }), 10, 300), 1);
    expect(hasty.warehouse.awakeShare).toBe(1);
    expect(patient.warehouse.awakeShare).toBeCloseTo(1 / 15, 6);
    expect(patient.cost.totalUsd).toBeLessThan(hasty.cost.totalUsd / 3);
  });
});
