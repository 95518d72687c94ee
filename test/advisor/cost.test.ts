import { describe, expect, test } from "vitest";
import { type CostReport, monthlyCost } from "../../src/advisor/cost.js";
import { DEFAULT_ASSUMPTIONS, pipelineLoad, scaledLoad, shardsNeeded } from "../../src/advisor/pipeline-load.js";
import { PRICES } from "../../src/advisor/prices.js";
import { deliveryRhythm, firehoseBilledBytes, loadRhythm } from "../../src/advisor/rhythm.js";
import type { PipelineModel } from "../../src/definition/model.js";
import { column, deliverModel, tableModel } from "../fixtures/tables.js";

const model: PipelineModel = {
  name: "shop",
  streams: [{ name: "orders", kind: "kinesis", shards: 1, retentionHours: 24 }],
  tables: [
    tableModel([column("id", { kind: "integer" })], {
      name: "orders",
      sources: ["orders"],
      deliver: deliverModel({ bufferBytes: 64 * 1024 * 1024, bufferMs: 300_000 }),
    }),
  ],
};
const at = (recordsPerSecond: number, bytesPerRecord: number) =>
  pipelineLoad(model, new Map([["orders", { recordsPerSecond, bytesPerRecord }]]));
const usd = (report: CostReport, service: string, item: string) =>
  report.lines
    .filter((line) => line.service === service && line.item.includes(item))
    .reduce((sum, line) => sum + line.usd, 0);

describe("what a pipeline costs", () => {
  test("a shard takes a thousand records or a MiB a second, whichever is first", () => {
    expect(shardsNeeded({ recordsPerSecond: 0, bytesPerRecord: 0 })).toBe(1);
    expect(shardsNeeded({ recordsPerSecond: 1000, bytesPerRecord: 100 })).toBe(1);
    expect(shardsNeeded({ recordsPerSecond: 1001, bytesPerRecord: 100 })).toBe(2);
    expect(shardsNeeded({ recordsPerSecond: 500, bytesPerRecord: 8192 })).toBe(4);
  });

  test("Firehose bills each record by itself in steps of 5 KB", () => {
    expect(firehoseBilledBytes(1)).toBe(5 * 1024);
    expect(firehoseBilledBytes(5 * 1024)).toBe(5 * 1024);
    expect(firehoseBilledBytes(5 * 1024 + 1)).toBe(10 * 1024);
  });

  test("a stream's price is its shard hours and its payload units of 25 KB", () => {
    const report = monthlyCost(at(100, 26 * 1024));
    // 100 records of 26 KB a second are 2.5 MiB: three shards, two units each.
    expect(usd(report, "Kinesis", "shards")).toBeCloseTo(3 * 730 * 0.015, 6);
    expect(usd(report, "Kinesis", "puts")).toBeCloseTo((100 * 730 * 3600 * 2 * 0.014) / 1e6, 6);
  });

  test("small records pay Firehose for 5 KB each", () => {
    const small = monthlyCost(at(100, 100));
    const large = monthlyCost(at(100, 5000));
    expect(usd(small, "Firehose", "intake")).toBeCloseTo(usd(large, "Firehose", "intake"), 6);
    expect(usd(small, "Firehose", "intake")).toBeCloseTo(
      ((100 * 730 * 3600 * 5 * 1024) / 1024 ** 3) * PRICES.firehoseIngestGb.usd,
      6,
    );
  });

  test("an object each five minutes keeps a serverless warehouse awake a fifth of the time", () => {
    const load = at(10, 200);
    const delivery = load.deliveries[0]!;
    const rhythm = deliveryRhythm(delivery, 1);
    expect(rhythm.secondsPerFlush).toBe(300);
    const loads = loadRhythm(load, new Map([["orders", rhythm.objectsPerSecond]]));
    expect(loads.awakeShare).toBeCloseTo(0.2, 6);
    expect(loads.loadsPerSecond).toBeCloseTo(1 / 300, 9);
    expect(usd(monthlyCost(load), "Redshift", "loads")).toBeCloseTo(0.2 * 730 * 8 * 0.375, 6);
  });

  test("a full buffer is delivered before its time", () => {
    // 10 MiB a second fill 64 MiB in 6.4 seconds.
    const rhythm = deliveryRhythm(at(10_240, 1024).deliveries[0]!, 11);
    expect(rhythm.secondsPerFlush).toBeCloseTo(6.4, 6);
  });

  test("the total is the sum of its lines, each a quantity times a price of the list", () => {
    const report = monthlyCost(at(500, 300));
    expect(report.totalUsd).toBeCloseTo(
      report.lines.reduce((sum, line) => sum + line.usd, 0),
      9,
    );
    for (const line of report.lines) {
      expect(line.usd).toBeCloseTo(line.quantity * line.price.usd, 9);
      expect(line.price.source).toMatch(/^https:\/\/aws\.amazon\.com\//);
    }
  });

  test("ten times the records cost more, and less than ten times: the fixed lines do not grow", () => {
    const load = at(500, 300);
    const now = monthlyCost(load).totalUsd;
    const later = monthlyCost(scaledLoad(load, 10)).totalUsd;
    expect(later).toBeGreaterThan(now);
    expect(later).toBeLessThan(10 * now);
    expect(scaledLoad(load, 10).streams[0]!.shards).toBe(5);
  });

  test("a pipeline that stands still pays for its shards, its endpoint and its key", () => {
    const report = monthlyCost(at(0, 0));
    expect(usd(report, "Firehose", "")).toBe(0);
    expect(usd(report, "Redshift", "loads")).toBe(0);
    expect(usd(report, "Kinesis", "shards")).toBeCloseTo(730 * 0.015, 6);
    expect(usd(report, "KMS", "key")).toBe(1);
  });

  test("a provisioned warehouse costs its nodes' hours, on-demand streams their bytes", () => {
    const load = pipelineLoad(model, new Map([["orders", { recordsPerSecond: 100, bytesPerRecord: 1000 }]]), {
      ...DEFAULT_ASSUMPTIONS,
      streamMode: "on-demand",
      warehouse: { kind: "provisioned", nodeType: "ra3.large", nodes: 2, queryHoursPerDay: 8, secondsPerLoad: 5 },
    });
    const report = monthlyCost(load);
    expect(usd(report, "Redshift", "2 ra3.large")).toBeCloseTo(2 * 730 * 0.543, 6);
    expect(usd(report, "Kinesis", "data in")).toBeCloseTo(((100 * 730 * 3600 * 1024) / 1024 ** 3) * 0.08, 6);
    expect(usd(report, "Kinesis", "shards")).toBe(0);
  });
});

test("each price has a unit and a page of the service's own, and most are agreed upon", () => {
  for (const [name, { usd, per, source }] of Object.entries(PRICES)) {
    expect([name, usd > 0, per.length > 2]).toEqual([name, true, true]);
    expect(source).toMatch(/^https:\/\/aws\.amazon\.com\/[\w/-]+pricing\/$/);
  }
  const toCheck = Object.entries(PRICES).filter(([, price]) => "toCheck" in price);
  expect(toCheck.map(([name]) => name)).toContain("firehoseConversionGb");
  expect(toCheck.length).toBeLessThan(Object.keys(PRICES).length / 2);
});
