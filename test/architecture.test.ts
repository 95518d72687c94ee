import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const SOURCE = fileURLToPath(new URL("../src", import.meta.url));

interface Import {
  readonly from: string;
  /** Relative to src/, or the package's name as it stands. */
  readonly to: string;
  readonly typeOnly: boolean;
}

const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" })
  .filter((path) => /\.tsx?$/.test(path))
  .map((path) => path.replaceAll("\\", "/"))
  .sort();
const sources = new Map(files.map((path) => [path, readFileSync(join(SOURCE, path), "utf8")]));
const imports = [...sources].flatMap(([path, text]) => importsOf(path, text));

/**
 * A small scanner rather than a pattern over the whole text: it knows comments, strings, templates and regular expressions, so that neither
 * prose nor generated code counts as an import, nor hides one.
 */
function codeAlone(text: string): string {
  let code = "";
  let at = 0;
  const skipTo = (end: number) => {
    code += text.slice(at, end).replace(/[^\n]/g, " ");
    at = end;
  };
  while (at < text.length) {
    const pair = text.slice(at, at + 2);
    if (pair === "//") {
      const end = text.indexOf("\n", at);
      skipTo(end === -1 ? text.length : end);
    } else if (pair === "/*") {
      skipTo(text.indexOf("*/", at) + 2);
    } else if (text[at] === "`") {
      skipTo(endOfLiteral(text, at, "`"));
    } else if (text[at] === '"' || text[at] === "'") {
      const end = endOfLiteral(text, at, text[at]!);
      code += text.slice(at, end);
      at = end;
    } else if (text[at] === "/" && /[=(,:;!&|?{}[\n]\s*$|\breturn\s*$|=>\s*$/.test(code.slice(-12))) {
      skipTo(endOfRegex(text, at));
    } else {
      code += text[at++];
    }
  }
  return code;
}

function endOfLiteral(text: string, start: number, quote: string): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === quote) return at + 1;
    else if (quote === "`" && text.startsWith("${", at)) at = endOfHole(text, at + 2) - 1;
  }
  return text.length;
}

/** Past the brace that closes a template's hole. */
function endOfHole(text: string, start: number): number {
  for (let at = start; at < text.length; at++) {
    const char = text[at]!;
    if (char === "}") return at + 1;
    if (char === "{") at = endOfHole(text, at + 1) - 1;
    else if (char === "`" || char === '"' || char === "'") at = endOfLiteral(text, at, char) - 1;
  }
  return text.length;
}

function endOfRegex(text: string, start: number): number {
  let inClass = false;
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at];
    if (char === "\\") at++;
    else if (char === "[") inClass = true;
    else if (char === "]") inClass = false;
    else if ((char === "/" && !inClass) || char === "\n") return at + 1;
  }
  return text.length;
}

function importsOf(path: string, text: string): Import[] {
  const code = codeAlone(text);
  const found: Import[] = [];
  for (const match of code.matchAll(/\b(?:import|export)\b(?<clause>[^;"'()]*?)\bfrom\s*["'](?<to>[^"']+)["']/g)) {
    const { clause, to } = match.groups as { clause: string; to: string };
    found.push({ from: path, to: targetOf(path, to), typeOnly: /^\s*type\b/.test(clause) });
  }
  for (const match of code.matchAll(/\bimport\s*\(?\s*["'](?<to>[^"']+)["']/g)) {
    found.push({ from: path, to: targetOf(path, match.groups!.to!), typeOnly: false });
  }
  return found;
}

function targetOf(from: string, specifier: string): string {
  if (!specifier.startsWith(".")) return specifier;
  return relative(SOURCE, resolve(SOURCE, dirname(from), specifier))
    .replaceAll("\\", "/")
    .replace(/\.js$/, ".ts");
}

/** The stages' ports: what a stage promises, whoever keeps the promise. The control contract has the words in which each says how it is. */
const PORTS = [
  "stream/stream.ts",
  "lake/object-store.ts",
  "lake/buckets.ts",
  "warehouse/warehouse.ts",
  "delivery/flush.ts",
  "api/control/contract.ts",
];

/** Each may be imported only by the runtime, the lambdas, the command line, tests, and its own parts. */
const DRIVERS: readonly { readonly name: string; readonly files: RegExp }[] = [
  { name: "the journal", files: /^stream\/embedded\// },
  { name: "the stream on AWS", files: /^stream\/kinesis/ },
  { name: "the DuckDB warehouse", files: /^warehouse\/duckdb/ },
  { name: "the warehouse in memory", files: /^warehouse\/memory/ },
  { name: "the Redshift warehouse", files: /^warehouse\/redshift/ },
  { name: "the lake in a folder", files: /^lake\/fs/ },
  { name: "the lake in memory", files: /^lake\/memory/ },
  { name: "the lake on S3", files: /^lake\/s3/ },
  { name: "the machine's disk", files: /^disk\/node-disk/ },
];

const LEVELS: readonly { readonly level: string; readonly files: RegExp }[] = [
  { level: "core", files: /^core\// },
  { level: "disk and definition", files: /^(disk|definition)\/|^index\.ts$/ },
  { level: "ports", files: new RegExp(`^(${PORTS.join("|").replaceAll(".", "\\.")})$`) },
  { level: "drivers", files: /^(stream|delivery|lake|loader|warehouse|redshift|advisor)\// },
  // The audit answers in the words of the control door.
  { level: "doors, audit and client", files: /^(api|audit|client)\// },
  { level: "runtime and lambda", files: /^(runtime|lambda)\// },
  { level: "benchmarks", files: /^bench\// },
  { level: "command line", files: /^cli\// },
];

function levelOf(path: string): number {
  return LEVELS.findIndex(({ files }) => files.test(path));
}

const own = imports.filter(({ to }) => sources.has(to));
const show = ({ from, to }: Import) => `${from} imports ${to}`;

describe("the source", () => {
  test("is read whole: every relative import leads to a file", () => {
    expect(files.length).toBeGreaterThan(20);
    expect(own.length).toBeGreaterThan(50);
    // Other files than modules (a version in package.json) stand above src/.
    const lost = imports.filter(({ from, to }) => {
      const relativeToSource = !sources.has(to) && /\.ts$/.test(to) && !to.startsWith("..");
      return relativeToSource && from !== to;
    });
    expect(lost.map(show)).toEqual([]);
  });

  test("every file stands on a level", () => {
    expect(files.filter((path) => levelOf(path) === -1)).toEqual([]);
  });

  test("imports run one way: from a level to itself or to one below it", () => {
    const upward = own.filter(({ from, to }) => levelOf(to) > levelOf(from));
    expect(upward.map(show)).toEqual([]);
  });

  test("core does no input or output", () => {
    const outside = /^node:(fs|http|https|http2|child_process|worker_threads|dgram|tls|timers)\b/;
    const reaching = imports.filter(({ from, to }) => from.startsWith("core/") && outside.test(to));
    expect(reaching.map(show)).toEqual([]);
  });

  test("a driver is imported by name by the runtime, the lambdas and the command line alone", () => {
    const named = own.filter(({ from, to }) => {
      if (/^(runtime|lambda|cli)\//.test(from)) return false;
      return DRIVERS.some((driver) => driver.files.test(to) && !driver.files.test(from));
    });
    expect(named.map(show)).toEqual([]);
  });

  test("no file imports itself by way of others", () => {
    const next = new Map<string, string[]>();
    for (const { from, to } of own) next.set(from, [...(next.get(from) ?? []), to]);
    const cycles: string[] = [];
    const finished = new Set<string>();
    const visit = (path: string, way: readonly string[]) => {
      const seen = way.indexOf(path);
      if (seen !== -1) {
        cycles.push([...way.slice(seen), path].join(" -> "));
        return;
      }
      if (finished.has(path)) return;
      for (const to of next.get(path) ?? []) visit(to, [...way, path]);
      finished.add(path);
    };
    for (const path of files) visit(path, []);
    expect(cycles).toEqual([]);
  });

  test("reads the environment in the runtime and the command line alone", () => {
    const readers = [...sources]
      .filter(
        ([path, text]) =>
          /\bprocess\s*(\.|\?\.|\[\s*["'])\s*env\b/.test(codeAlone(text)) && !/^(runtime|cli)\//.test(path),
      )
      .map(([path]) => path);
    expect(readers).toEqual([]);
  });

  test("names every export", () => {
    const starred = [...sources].filter(([, text]) => /\bexport\s*\*/.test(codeAlone(text))).map(([path]) => path);
    expect(starred).toEqual([]);
  });
});

describe("the scanner", () => {
  const scan = (text: string) => importsOf("stream/x.ts", text).map(({ to }) => to);

  test("finds imports of every form", () => {
    expect(scan('import { a,\n  b } from "../core/errors.js";')).toEqual(["core/errors.ts"]);
    expect(scan('import type { A } from "./stream.js"; export { b } from "pino";')).toEqual([
      "stream/stream.ts",
      "pino",
    ]);
    expect(scan('const x = await import("./embedded/store.js"); import "./effects.js";')).toEqual([
      "stream/embedded/store.ts",
      "stream/effects.ts",
    ]);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the scanned text is a template, this string is not.
    expect(scan("const a = `${`}`} `; const b = /[`'\"/]/.test(c); import d from './d.js';")).toEqual(["stream/d.ts"]);
  });

  test("takes nothing from comments and templates", () => {
    expect(scan('// import { a } from "./a.js"\n/* export * from "./b.js" */')).toEqual([]);
    expect(scan('const text = `import { a } from "./a.js";`;')).toEqual([]);
  });
});
