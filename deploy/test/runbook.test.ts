import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

it("the runbook has a chapter for each alarm, and none for an alarm that is not there", () => {
  const source = readFileSync(new URL("../src/stages/watch.ts", import.meta.url), "utf8");
  const alarms = [...source.matchAll(/alarm\(\s*[`"]([A-Z][A-Za-z]+)/g)].map(([, name]) => name!);
  const runbook = readFileSync(new URL("../../docs/runbook.md", import.meta.url), "utf8");
  const chapters = [...runbook.matchAll(/^## (\S+)$/gm)].map(([, name]) => name!);
  expect(alarms.length).toBeGreaterThan(10);
  expect([...chapters].sort()).toEqual([...new Set(alarms)].sort());
});
