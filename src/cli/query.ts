import { text } from "node:stream/consumers";
import { Option } from "commander";
import { PenstockError } from "../core/errors.js";
import type { QueryOptions as QueryLimits, QueryResult } from "../warehouse/warehouse.js";
import type { AwsFlags } from "./aws/deployment.js";
import { awsOptions } from "./support/aws-options.js";
import { type AddCommand, examples, instanceOptions, jsonOption } from "./support/command.js";
import type { InstanceOptions } from "./support/control-client.js";
import { wholeNumber } from "./support/parse.js";
import { note, printJson, type Terminal } from "./support/terminal.js";
import { counted, duration } from "./support/text.js";

interface QueryOptions extends InstanceOptions, AwsFlags {
  readonly aws?: boolean;
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly rows: number;
  readonly timeout: number;
}

export const addQuery: AddCommand = (program, { terminal, exit }) => {
  const command = program
    .command("query")
    .summary("ask the warehouse in SQL")
    .description(
      "Runs one SQL statement in the running instance's warehouse and prints the rows. `-` reads the statement from standard input.\n" +
        "Beside your tables there are penstock.dead_letters (records that could not be loaded, and why) and penstock.loads (the ledger).",
    )
    .argument("<sql>", "the statement, or - for standard input")
    .addOption(jsonOption("print { columns, rows, ... } as JSON").conflicts("csv"))
    .addOption(new Option("--csv", "print CSV with a header line"))
    .option("--rows <n>", "fetch at most this many rows", wholeNumber("--rows", 1, 1_000_000), 10_000)
    .option("--timeout <seconds>", "give up after this long", wholeNumber("--timeout", 1, 3600), 60);
  awsOptions(instanceOptions(command))
    .addHelpText(
      "after",
      examples([
        ['penstock query "select symbol, count(*) from quotes group by 1 order by 2 desc"', "a table on the screen"],
        ['penstock query "select * from quotes" --csv > quotes.csv', "a file for a spreadsheet"],
        ["penstock query - --json < report.sql", "a statement from a file, rows for a script"],
        ['penstock query "select * from penstock.dead_letters limit 5"', "what could not be loaded"],
        ['penstock query "select count(*) from quotes" --aws', "the deployment's warehouse, by the Data API"],
      ]),
    )
    .action(async (argument: string, options: QueryOptions) => {
      const sql = argument === "-" ? await text(terminal.stdin) : argument;
      if (sql.trim() === "") {
        throw new PenstockError("invalid-argument", "The statement is empty.", {
          hint: 'Try `penstock query "select 1"`.',
        });
      }
      const leaving = new AbortController();
      const stop = terminal.onInterrupt(() => leaving.abort());
      try {
        const limits = { rowsMax: options.rows, timeoutMs: options.timeout * 1000 };
        const result = options.aws
          ? await onAws(sql, { ...limits, signal: leaving.signal }, options, terminal)
          : await onInstance(sql, limits, leaving.signal, options, terminal);
        await show(result, options, terminal);
      } catch (error) {
        if (!leaving.signal.aborted) throw error;
        note(terminal, "Stopped; the statement was cancelled.");
        exit(130);
      } finally {
        stop();
      }
    });
};

async function onInstance(
  sql: string,
  limits: { readonly rowsMax: number; readonly timeoutMs: number },
  signal: AbortSignal,
  options: QueryOptions,
  terminal: Terminal,
): Promise<QueryResult> {
  const { connect } = await import("./support/control-client.js");
  return await connect(options, terminal).query({ sql, ...limits }, signal);
}

async function onAws(
  sql: string,
  limits: QueryLimits,
  options: QueryOptions,
  terminal: Terminal,
): Promise<QueryResult> {
  const { findDeployment } = await import("./aws/deployment.js");
  const { openDeployment } = await import("./aws/warehouse.js");
  const { explained } = await import("./aws/session.js");
  const { warehouse, close } = await openDeployment(await findDeployment(options, terminal));
  try {
    return await warehouse.query(sql, limits).catch((error: unknown) => {
      throw explained("query the warehouse", error);
    });
  } finally {
    close();
  }
}

async function show(result: QueryResult, options: QueryOptions, terminal: Terminal): Promise<void> {
  if (options.json) {
    printJson(terminal, result);
  } else if (options.csv) {
    terminal.stdout.write(csvLine(result.columns.map((column) => column.name)));
    for (const row of result.rows) terminal.stdout.write(csvLine(row));
  } else if (result.columns.length === 0) {
    note(terminal, `${counted(result.changed ?? 0, "row")} changed in ${duration(result.tookMs)}.`);
    return;
  } else {
    const { textTable } = await import("./support/table.js");
    const head = result.columns.map((column) => column.name);
    const numeric = result.columns.map((column) => /int|decimal|numeric|double|float|real/i.test(column.type));
    const cells = result.rows.map((row) => row.map((value) => (value === null ? "NULL" : cellText(value))));
    terminal.stdout.write(`${textTable(head, cells, numeric)}\n`);
    note(terminal, `${counted(result.rows.length, "row")} in ${duration(result.tookMs)}.`);
  }
  if (result.truncated) {
    note(terminal, `There are more rows: these are the first ${result.rows.length} (--rows fetches more).`);
  }
}

function cellText(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** RFC 4180; NULL is an empty field, an empty string is quoted. */
function csvLine(values: readonly unknown[]): string {
  const fields = values.map((value) => {
    if (value === null || value === undefined) return "";
    const field = cellText(value);
    return field === "" || /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
  });
  return `${fields.join(",")}\r\n`;
}
