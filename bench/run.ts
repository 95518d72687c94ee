/**
 * `npm run bench [-- name ...] [--quick] [--write] [--folder DIR]`: measures, prints a table a suite, keeps the figures in bench/results/.
 * `--write` puts the tables into bench/README.md too.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { cpus, release, tmpdir, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { freshness } from "./suites/freshness.js";
import { ingest } from "./suites/ingest.js";
import { memory } from "./suites/memory.js";
import { putRecords } from "./suites/put-records.js";
import { startup } from "./suites/startup.js";
import type { Suite, SuiteResult } from "./support/suite.js";

const SUITES: readonly Suite[] = [putRecords, ingest, freshness, startup, memory];
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const TMPFS_MAGIC = 0x01021994;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    folder: { type: "string", default: tmpdir() },
  },
});
const unknown = positionals.filter((name) => !SUITES.some((suite) => suite.name === name));
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(", ")}. There are ${SUITES.map(({ name }) => name).join(", ")}.`);
  process.exit(2);
}
if (statfsSync(resolve(values.folder)).type === TMPFS_MAGIC) {
  console.error(`${values.folder} is in memory, where a sync costs nothing. Give a folder on a disk: --folder DIR.`);
  process.exit(2);
}

const machine = `${cpus().length} cores of ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node ${process.version}`;
console.log(`${machine}\n`);
for (const suite of SUITES.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
  console.log(`${suite.name}: ${suite.about}\n`);
  const folder = mkdtempSync(join(resolve(values.folder), "penstock-bench-"));
  try {
    const result = await suite.run({ folder, quick: values.quick, say: (text) => console.log(`  ${text}`) });
    const table = tableOf(result);
    console.log(`\n${table}\n`);
    mkdirSync(here("results"), { recursive: true });
    const record = { suite: suite.name, at: new Date().toISOString(), machine, quick: values.quick, ...result };
    writeFileSync(here(`results/${suite.name}.json`), `${JSON.stringify(record, null, 2)}\n`);
    if (values.write && !values.quick) writeIntoReadme(suite, table);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** As Markdown, padded so that it reads as a table in a terminal too. */
function tableOf({ columns, rows, findings }: SuiteResult): string {
  const lines = [columns, ...rows].map((row) => row.map(String));
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  const format = (line: readonly string[]) => `| ${line.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  const ruler = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  const notes = findings.map(({ name, value, unit, target }) => {
    const shown = value >= 100 ? Math.round(value) : Number(value.toFixed(2));
    return `- ${name}: **${shown} ${unit}**${target === undefined ? "" : ` (wanted: ${target})`}`;
  });
  return [format(lines[0]!), ruler, ...lines.slice(1).map(format), "", ...notes].join("\n");
}

function writeIntoReadme(suite: Suite, table: string): void {
  const path = here("README.md");
  const [begin, end] = [`<!-- ${suite.name} -->`, `<!-- /${suite.name} -->`];
  const text = readFileSync(path, "utf8");
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from === -1 || to === -1) throw new Error(`bench/README.md has no place for ${suite.name}.`);
  const date = new Date().toISOString().slice(0, 10);
  const section = `${begin}\n\n${suite.about}\n\n${table}\n\nMeasured ${date} on ${machine}.\n\n${end}`;
  writeFileSync(path, text.slice(0, from) + section + text.slice(to + end.length));
}
