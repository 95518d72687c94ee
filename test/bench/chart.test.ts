import { parseXml, XmlElement } from "@rgrove/parse-xml";
import { expect, test } from "vitest";
import { sameRows } from "../../src/bench/support/analysis.js";
import { chartSvg } from "../../src/bench/support/chart.js";

const rectangles = (svg: string) =>
  parseXml(svg).root!.children.filter((child) => child instanceof XmlElement && child.name === "rect") as XmlElement[];

test("bars stand to each other as their values do, each with its words", () => {
  const svg = chartSvg({
    kind: "bars",
    title: 'a < b & "c"',
    unit: "ms",
    series: ["one", "two"],
    groups: [
      { label: "x", values: [10, 5] },
      { label: "y", values: [undefined, 20] },
    ],
  });
  const bars = rectangles(svg).filter((one) => one.children.length > 0);
  const widths = bars.map((one) => Number(one.attributes.width));
  expect(widths).toHaveLength(3);
  expect(widths[0]! / widths[1]!).toBeCloseTo(2, 1);
  expect(widths[2]! / widths[0]!).toBeCloseTo(2, 1);
  expect(bars.map((one) => one.text)).toEqual(["x, one: 10 ms", "x, two: 5 ms", "y, two: 20 ms"]);
  expect(parseXml(svg).root!.attributes["aria-label"]).toBe('a < b & "c"');
});

test("a logarithmic chart gives the least value a bar too", () => {
  const svg = chartSvg({
    kind: "bars",
    title: "t",
    unit: "ms",
    series: ["s"],
    groups: [1, 10, 100].map((value) => ({ label: `${value}`, values: [value] })),
    logarithmic: true,
  });
  const widths = rectangles(svg)
    .filter((one) => one.children.length > 0)
    .map((one) => Number(one.attributes.width));
  expect(widths[0]).toBeGreaterThan(50);
  expect(widths[2]! - widths[1]!).toBeCloseTo(widths[1]! - widths[0]!, 0);
});

test("answers are the same however a server writes numbers and moments", () => {
  expect(sameRows([["1.50", "2001-01-02T03:04:05.000Z", null, "x"]])).toBe(
    sameRows([["1.5", "2001-01-02 03:04:05", "null", "x"]]),
  );
  expect(sameRows([["1"]])).not.toBe(sameRows([["2"]]));
});
