/** What was measured, as Markdown, JSON and charts. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem, type } from "node:os";
import { join } from "node:path";
import { chartSvg } from "./chart.js";
import type { Finding, Suite, SuiteResult, Table } from "./suite.js";

export interface Measured {
  readonly suite: Pick<Suite, "name" | "about">;
  readonly at: string;
  readonly tookMs: number;
  readonly quick: boolean;
  readonly scale: number | undefined;
  readonly result: SuiteResult;
}

export function machineText(): string {
  const [cpu] = cpus();
  return `${cpus().length} cores of ${cpu?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}, Node ${process.version}`;
}

/** One suite's part, without its heading. `chart` answers what an image's address is, where there are images. */
export function suiteText({ suite, result }: Measured, chart?: (index: number) => string): string {
  const parts = [suite.about, findingsText(result.findings), tableText(result)];
  for (const more of result.more ?? []) parts.push(`**${more.title}**`, tableText(more));
  if (chart !== undefined) {
    for (const [index, { title }] of (result.charts ?? []).entries()) parts.push(`![${title}](${chart(index)})`);
  }
  if (result.notes !== undefined && result.notes.length > 0)
    parts.push(result.notes.map((note) => `- ${note}`).join("\n"));
  return parts.filter((part) => part !== "").join("\n\n");
}

function findingsText(findings: readonly Finding[]): string {
  return findings
    .map(({ name, value, unit, target }) => {
      const shown = Math.abs(value) >= 100 ? Math.round(value) : Number(value.toFixed(2));
      return `- ${name}: **${shown} ${unit}**${target === undefined ? "" : ` (wanted: ${target})`}`;
    })
    .join("\n");
}

/** As Markdown, padded so that it reads as a table in a terminal too. */
function tableText({ columns, rows }: Table): string {
  const lines = [columns, ...rows].map((row) => row.map(String));
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  const format = (line: readonly string[]) => `| ${line.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  const ruler = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return [format(lines[0]!), ruler, ...lines.slice(1).map(format)].join("\n");
}

const LIMITS =
  "Both sides of a comparison run in turn on the same machine, within minutes; what counts are the ratios. Medians, unless a table says otherwise.";

/** report.md, report.json and a chart a file. */
export function writeReport(directory: string, measured: readonly Measured[], version: string): void {
  mkdirSync(directory, { recursive: true });
  const machine = machineText();
  const sections = measured.map((one) => {
    const file = (index: number) => `${one.suite.name}-${index + 1}.svg`;
    for (const [index, chart] of (one.result.charts ?? []).entries())
      writeFileSync(join(directory, file(index)), chartSvg(chart));
    const how = `Taken ${one.at.slice(0, 16).replace("T", " ")} UTC in ${Math.round(one.tookMs / 1000)} s${one.quick ? ", with --quick: no figures to quote" : ""}${one.scale === undefined ? "" : `, with --scale ${one.scale}`}.`;
    return `## ${one.suite.name}\n\n${suiteText(one, file)}\n\n${how}\n`;
  });
  const title = `# Penstock ${version}: benchmarks\n\n${machine}. ${LIMITS}\n`;
  writeFileSync(join(directory, "report.md"), [title, ...sections].join("\n"));
  const json = measured.map(({ suite, ...rest }) => ({ suite: suite.name, about: suite.about, ...rest }));
  writeFileSync(join(directory, "report.json"), `${JSON.stringify({ version, machine, suites: json }, null, 2)}\n`);
}

/** Puts a suite's part between its marks in a page of ours. */
export function updatePage(path: string, measured: Measured): void {
  const { name } = measured.suite;
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const text = readFileSync(path, "utf8");
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from === -1 || to === -1) throw new Error(`${path} has no place for ${name}.`);
  const section = `${begin}\n\n${suiteText(measured)}\n\nMeasured ${measured.at.slice(0, 10)} on ${machineText()}.\n\n${end}`;
  writeFileSync(path, text.slice(0, from) + section + text.slice(to + end.length));
}
