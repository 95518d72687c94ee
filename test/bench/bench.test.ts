import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseXml } from "@rgrove/parse-xml";
import { expect, onTestFinished, test } from "vitest";
import { runPenstock } from "../support/penstock-process.js";

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "penstock-bench-test-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

interface Report {
  readonly version: string;
  readonly suites: readonly {
    readonly suite: string;
    readonly result: { readonly findings: readonly { readonly name: string; readonly value: number }[] };
  }[];
}

test("penstock bench measures what it was asked to, and leaves a report with charts and nothing else", async () => {
  const folder = await temporaryFolder();
  const out = join(folder, "out");
  const args = ["bench", "results", "layout", "--quick", "--scale", "3000", "--folder", folder, "--out", out];
  const { code, stdout, stderr } = await runPenstock(...args);
  expect(stderr).toContain("layout: done in");
  expect(code).toBe(0);
  expect(stdout).toContain("## results");
  const report = JSON.parse(await readFile(join(out, "report.json"), "utf8")) as Report;
  expect(report.suites.map(({ suite }) => suite)).toEqual(["layout", "results"]);
  const figures = report.suites.flatMap(({ result }) => result.findings);
  expect(figures.length).toBeGreaterThan(3);
  for (const { value } of figures) expect(Number.isFinite(value)).toBe(true);
  const page = await readFile(join(out, "report.md"), "utf8");
  expect(page).toContain("(layout-1.svg)");
  expect(page).toContain("with --quick: no figures to quote");
  const chart = parseXml(await readFile(join(out, "layout-1.svg"), "utf8"));
  expect(chart.root?.name).toBe("svg");
  // Data, databases and processes' folders are gone.
  expect(await readdir(folder)).toEqual(["out"]);
}, 120_000);

test("penstock bench names its suites, and refuses those that are not there", async () => {
  const listed = await runPenstock("bench", "--list");
  expect(listed.code).toBe(0);
  for (const name of [
    "put-records",
    "ingest",
    "freshness",
    "startup",
    "memory",
    "copy",
    "queries",
    "layout",
    "results",
    "growth",
  ])
    expect(listed.stdout).toMatch(new RegExp(`^${name}$`, "m"));
  const unknown = await runPenstock("bench", "speed");
  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toContain("There is no benchmark speed.");
  const aws = await runPenstock("bench", "--aws");
  expect(aws.code).toBe(2);
  expect(aws.stderr).toContain("--aws needs --bucket");
});
