import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Option } from "commander";
import type { LoggedStatement } from "../advisor/query-uses.js";
import type { ShadowReport, TableAdvice } from "../api/control/contract.js";
import { messageOf, PenstockError } from "../core/errors.js";
import type { PipelineModel } from "../definition/model.js";
import { type AddCommand, examples, instanceOptions, jsonOption } from "./support/command.js";
import type { InstanceOptions } from "./support/control-client.js";
import { wholeNumber } from "./support/parse.js";
import { print, printJson, type Terminal } from "./support/terminal.js";
import { plain } from "./support/text.js";

interface AdviseOptions extends InstanceOptions {
  readonly json?: boolean;
  readonly sql?: boolean;
  readonly rows?: number;
  readonly slices?: number;
  readonly expectedRows?: number;
  readonly queries?: string;
  readonly sample?: string;
  readonly definition?: string;
  readonly applyShadow?: boolean;
  readonly keep?: boolean;
}

export const addAdvise: AddCommand = (program, { terminal }) => {
  const command = program
    .command("advise")
    .summary("encodings, sort key and distribution, by evidence")
    .description(
      "Measures a sample of a table under each of Redshift's encodings, tries sort keys on it by what the logged queries filter by, and spreads it over " +
        "slices by what they join by; prints the sizes, the DDL, the change of the definition, and why. The sample is the newest lake objects (or the " +
        "warehouse's table), the queries are those that ran in the instance and those of its charts.\n" +
        "With --sample it needs no instance and no table: a file of rows will do.",
    )
    .argument("[table]", "a table (default: each of the definition's)")
    .option(
      "--sample <file>",
      "a Parquet, CSV or NDJSON file (or a pattern, of several), instead of a running instance",
    )
    .option(
      "--definition <path>",
      "with --sample: the definition whose types and charts count (default: this folder's, if it has the table)",
    )
    .option("--queries <file>", "SQL statements that count besides those of the log, parted by semicolons")
    .option("--rows <n>", "rows of the sample (default: 50000)", wholeNumber("--rows", 100, 250_000))
    .option(
      "--expected-rows <n>",
      "rows that the table will have (default: 100 million)",
      wholeNumber("--expected-rows", 1, 999_999_999_999_999),
    )
    .option("--slices <n>", "slices of the warehouse (default: 16)", wholeNumber("--slices", 1, 1024))
    .addOption(
      new Option("--apply-shadow", "copy the table, sorted as advised, and run the logged queries on both").conflicts([
        "sample",
        "sql",
      ]),
    )
    .option("--keep", "with --apply-shadow: leave the copy in the schema penstock_shadow")
    .addOption(jsonOption("print a list of all that was found as JSON").conflicts("sql"))
    .option("--sql", "print the DDL alone");
  instanceOptions(command)
    .addHelpText(
      "after",
      examples([
        ["penstock advise quotes", "of a table of the running instance"],
        ["penstock advise --sample flights.parquet --queries report.sql", "before there is a table"],
        ["penstock advise quotes --apply-shadow", "what the sort key is worth, measured"],
        ["penstock advise quotes --sql", "the CREATE TABLE for Redshift"],
        ["penstock advise quotes --json | jq '.[0].columns[] | {name, best, reductionPercent}'", "for a script"],
      ]),
    )
    .action(async (table: string | undefined, options: AdviseOptions) => {
      const { textTable } = await import("./support/table.js");
      const { adviceText, shadowText } = await import("./advise/text.js");
      const statements = options.queries === undefined ? [] : await statementsIn(options.queries, terminal);
      if (options.applyShadow) {
        const reports = await shadows(table, statements, options, terminal);
        if (options.json) printJson(terminal, reports);
        else print(terminal, shown(reports.map((report) => shadowText(report, textTable))));
        return;
      }
      if (options.keep) {
        throw new PenstockError("invalid-argument", "--keep is of a shadow.", { hint: "Add --apply-shadow." });
      }
      const found =
        options.sample === undefined
          ? await instanceAdvice(table, statements, options, terminal)
          : [await fileAdvice(table, statements, options, terminal)];
      if (options.json) printJson(terminal, found);
      else if (options.sql) print(terminal, shown(found.map(({ ddl }) => ddl)));
      else print(terminal, shown(found.map((advice) => adviceText(advice, textTable))));
    });
};

/** Names of tables and columns are other people's text. */
function shown(texts: readonly string[]): string {
  return texts.join("\n\n").split("\n").map(plain).join("\n");
}

function bodyOf(table: string, statements: readonly string[], { rows, slices, expectedRows }: AdviseOptions) {
  return {
    table,
    ...(rows === undefined ? {} : { rows }),
    ...(slices === undefined ? {} : { slices }),
    ...(expectedRows === undefined ? {} : { expectedRows }),
    ...(statements.length === 0 ? {} : { statements }),
  };
}

async function instanceAdvice(
  table: string | undefined,
  statements: readonly string[],
  options: AdviseOptions,
  terminal: Terminal,
): Promise<TableAdvice[]> {
  const { connect } = await import("./support/control-client.js");
  const client = connect(options, terminal);
  const tables = table === undefined ? (await client.model()).tables.map(({ name }) => name) : [table];
  const found: TableAdvice[] = [];
  for (const one of tables) found.push(await client.advise(bodyOf(one, statements, options)));
  return found;
}

async function shadows(
  table: string | undefined,
  statements: readonly string[],
  options: AdviseOptions,
  terminal: Terminal,
): Promise<ShadowReport[]> {
  if (table === undefined) {
    throw new PenstockError("invalid-argument", "--apply-shadow copies a table: name it.", {
      hint: "`penstock advise quotes --apply-shadow`.",
    });
  }
  const { connect } = await import("./support/control-client.js");
  const body = { ...bodyOf(table, statements, options), ...(options.keep === true ? { keep: true } : {}) };
  return [await connect(options, terminal).shadow(body)];
}

const ROWS_DEFAULT = 50_000;
const SLICES_DEFAULT = 16;
const EXPECTED_ROWS_DEFAULT = 100_000_000;

async function fileAdvice(
  table: string | undefined,
  given: readonly string[],
  options: AdviseOptions,
  terminal: Terminal,
): Promise<TableAdvice> {
  const path = resolve(terminal.workingDirectory, options.sample ?? "");
  const pipeline = await definitionFor(options, terminal);
  const model = pipeline?.tables.find(({ name }) => name === table?.toLowerCase());
  if (options.definition !== undefined && model === undefined) {
    throw new PenstockError("not-found", `The definition has no table ${table ?? "(none was named)"}.`, {
      hint: `It has ${pipeline?.tables.map(({ name }) => name).join(", ")}.`,
    });
  }
  const charts = model === undefined ? [] : (pipeline?.charts ?? []).map(({ sql }) => sql);
  const atMs = Date.now();
  const statements = [...charts, ...given].map((sql): LoggedStatement => ({ sql, count: 1, atMs }));
  const { adviseFile } = await import("./advise/file-sample.js");
  return adviseFile({
    path,
    table,
    model,
    statements,
    rows: options.rows ?? ROWS_DEFAULT,
    slices: options.slices ?? SLICES_DEFAULT,
    expectedRows: options.expectedRows ?? EXPECTED_ROWS_DEFAULT,
  });
}

async function definitionFor(options: AdviseOptions, terminal: Terminal): Promise<PipelineModel | undefined> {
  const { findDefinition, loadDefinition } = await import("../definition/load.js");
  const path = resolve(terminal.workingDirectory, options.definition ?? ".");
  if (options.definition !== undefined) return loadDefinition(path);
  try {
    findDefinition(path);
  } catch {
    return undefined;
  }
  return loadDefinition(path);
}

async function statementsIn(file: string, terminal: Terminal): Promise<string[]> {
  const path = resolve(terminal.workingDirectory, file);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new PenstockError("invalid-argument", `Cannot read ${path}: ${messageOf(error)}.`, { cause: error });
  }
  const { parseStatements } = await import("../redshift/syntax/parse.js");
  try {
    return parseStatements(text).map(({ sql }) => sql);
  } catch (error) {
    throw new PenstockError("invalid-argument", `${path} is not Redshift's SQL: ${messageOf(error)}.`, {
      hint: "Statements parted by semicolons, as `penstock query -` takes them.",
      cause: error,
    });
  }
}
