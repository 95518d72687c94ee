import { readFile } from "node:fs/promises";
import type { DeadLetter, DeadLetterPage, RedriveBody, RedriveReport } from "../api/control/contract.js";
import { messageOf, PenstockError } from "../core/errors.js";
import type { AwsFlags } from "./aws/deployment.js";
import { awsOptions } from "./support/aws-options.js";
import { type AddCommand, type CommandContext, examples, instanceOptions, jsonOption } from "./support/command.js";
import type { InstanceOptions } from "./support/control-client.js";
import { EXIT } from "./support/exit-codes.js";
import { wholeNumber } from "./support/parse.js";
import { note, print, printJson, type Terminal } from "./support/terminal.js";
import { count, counted, plain } from "./support/text.js";

interface Filter extends InstanceOptions, AwsFlags {
  readonly aws?: boolean;
  readonly json?: boolean;
  readonly table?: string;
  readonly code?: string;
}

export const addErrors: AddCommand = (program, context) => {
  const group = program
    .command("errors")
    .summary("list, show and redrive dead letters")
    .description(
      "Records that could not be loaded are kept as dead letters: their bytes, the table and column, and why. Fix the definition (or the " +
        "table), then redrive them: those that pass now are loaded, once, however often it is asked.",
    );
  addList(group, context);
  addShow(group, context);
  addRedrive(group, context);
  group.addHelpText(
    "after",
    examples([
      ["penstock errors list", "how many there are, by reason, and the newest"],
      ["penstock errors redrive --table quotes --dry-run", "what a redrive would do"],
    ]),
  );
};

const addList: AddCommand = (group, { terminal }) => {
  const command = group
    .command("list")
    .summary("count them by reason, and list the newest")
    .description("Counts dead letters by table, code and column, and lists the newest of them.")
    .option("--table <name>", "only this table's")
    .option("--code <code>", "only those with this error code")
    .option("--limit <n>", "list at most this many", wholeNumber("--limit", 1, 1000), 20)
    .option("--after <id>", "go on after this one: the `next` of the page before")
    .addOption(jsonOption("print { groups, letters, next } as JSON"));
  awsOptions(instanceOptions(command)).action(async (options: Filter & { limit: number; after?: string }) => {
    const { connect } = await import("./support/control-client.js");
    const page = options.aws
      ? await lettersOnAws(options, terminal)
      : await connect(options, terminal).deadLetters({
          limit: options.limit,
          ...(options.table === undefined ? {} : { table: options.table }),
          ...(options.code === undefined ? {} : { code: options.code }),
          ...(options.after === undefined ? {} : { after: options.after }),
        });
    if (options.json) {
      printJson(terminal, page);
      return;
    }
    if (page.groups.length === 0) {
      print(terminal, "No dead letters.");
      return;
    }
    const { textTable } = await import("./support/table.js");
    const groups = page.groups.map((one) => [one.table, one.code, one.column ?? "-", count(one.count)]);
    print(terminal, textTable(["TABLE", "CODE", "COLUMN", "COUNT"], groups, [false, false, false, true]));
    const letters = page.letters.map((one) => [
      one.id,
      one.code,
      one.redriven ? `${one.message} (redriven)` : one.message,
    ]);
    print(terminal, `\n${textTable(["ID", "CODE", "MESSAGE"], letters)}`);
    if (page.next !== undefined) note(terminal, `There are more: add --after ${page.next}`);
  });
};

const addShow: AddCommand = (group, { terminal }) => {
  const command = group
    .command("show")
    .summary("show one, with the record's own bytes")
    .description("Shows one dead letter in full. --raw writes the record's bytes alone, as they came.")
    .argument("<id>", "its id, from `penstock errors list`")
    .option("--raw", "write the record's bytes to standard output and nothing else")
    .addOption(jsonOption("print it as JSON, the bytes in base64").conflicts("raw"));
  awsOptions(instanceOptions(command)).action(async (id: string, options: Filter & { raw?: boolean }) => {
    const { connect } = await import("./support/control-client.js");
    const letter = options.aws
      ? await letterOnAws(id, options, terminal)
      : await connect(options, terminal).deadLetter(id);
    if (options.json) printJson(terminal, letter);
    else if (options.raw) terminal.stdout.write(Buffer.from(letter.rawBase64, "base64"));
    else print(terminal, letterText(letter));
  });
};

async function lettersOnAws(
  options: Filter & { limit: number; after?: string },
  terminal: Terminal,
): Promise<DeadLetterPage> {
  const { findDeployment } = await import("./aws/deployment.js");
  const { listLetters } = await import("./aws/letters.js");
  const { skippedObjects, ...page } = await listLetters(await findDeployment(options, terminal), options);
  if (skippedObjects > 0) {
    note(terminal, `Of the newest objects alone: ${counted(skippedObjects, "older object")} were not read.`);
  }
  return page;
}

async function letterOnAws(id: string, options: Filter, terminal: Terminal): Promise<DeadLetter> {
  const { findDeployment } = await import("./aws/deployment.js");
  const { readLetter } = await import("./aws/letters.js");
  return await readLetter(await findDeployment(options, terminal), id);
}

function letterText(letter: DeadLetter): string {
  const raw = Buffer.from(letter.rawBase64, "base64");
  return [
    `${letter.id}${letter.redriven ? "  (redriven: it is loaded now)" : ""}`,
    `table     ${letter.table}${letter.column === null ? "" : `, column ${letter.column}`}`,
    `why       ${letter.code}: ${plain(letter.message)}`,
    `record    ${letter.stream} ${letter.shardId} ${letter.sequenceNumber}, row ${letter.rowIndex}`,
    `arrived   ${new Date(letter.arrivedAtMs).toISOString()}`,
    `bytes     ${count(raw.length)}`,
    "",
    plain(raw.toString("utf8")),
  ].join("\n");
}

const addRedrive: AddCommand = (group, { terminal, exit }: CommandContext) => {
  const command = group
    .command("redrive")
    .summary("try them again against the definition as it is now")
    .description(
      "Decodes the chosen dead letters again and loads those that pass now. Those that fail again stay, with their new reason. A letter " +
        "that was redriven before is left alone, so it is safe to repeat. Exit code 1 when some failed again.\n" +
        "With --aws, a table's `transform` is taken from the definition's file (--definition), which must be the deployed one.",
    )
    .argument("[ids...]", "dead letters by id; none: all that --table and --code choose")
    .option("--table <name>", "only this table's")
    .option("--code <code>", "only those with this error code")
    .option("--all", "every dead letter of every table")
    .option("--with <file>", "one letter: decode this file's bytes (- for standard input) in place of its record's")
    .option("--dry-run", "say what would happen, with the first rows; change nothing")
    .addOption(jsonOption("print the report as JSON"));
  awsOptions(instanceOptions(command))
    .addHelpText(
      "after",
      examples([
        ["penstock errors redrive --table quotes --dry-run", "look first"],
        [
          "penstock errors show ID --raw > record; vi record; penstock errors redrive ID --with record",
          "mend a record by hand",
        ],
        ["penstock errors redrive --table quotes --code too-long", "those that a wider column lets through now"],
      ]),
    )
    .action(async (ids: string[], options: Filter & { all?: boolean; dryRun?: boolean; with?: string }) => {
      if (ids.length === 0 && options.table === undefined && options.code === undefined && !options.all) {
        throw new PenstockError("invalid-argument", "Nothing says which dead letters to redrive.", {
          hint: "Name them by id, or choose with --table or --code, or take every one with --all.",
        });
      }
      const edits = options.with === undefined ? undefined : await editOf(ids, options.with);
      const body = {
        dryRun: options.dryRun === true,
        ...(options.table === undefined ? {} : { table: options.table }),
        ...(options.code === undefined ? {} : { code: options.code }),
        ...(ids.length === 0 ? {} : { ids }),
        ...(edits === undefined ? {} : { edits }),
      };
      const { connect } = await import("./support/control-client.js");
      const report = options.aws
        ? await redriveAws(options, body, terminal)
        : await connect(options, terminal).redrive(body);
      if (options.json) printJson(terminal, report);
      else print(terminal, [redriveText(report), ...(await previewTexts(report))].join("\n\n"));
      exit(report.failed.length === 0 ? EXIT.ok : EXIT.failed);
    });
};

async function redriveAws(options: Filter, body: RedriveBody, terminal: Terminal): Promise<RedriveReport> {
  const { findDeployment } = await import("./aws/deployment.js");
  const { redriveOnAws } = await import("./aws/redrive.js");
  const { withTransform } = await import("./aws/redrive-load.js");
  const deployment = await findDeployment(options, terminal);
  return await redriveOnAws(deployment, body, (table) =>
    withTransform(deployment, table, options.definition, terminal.workingDirectory),
  );
}

async function editOf(ids: readonly string[], path: string): Promise<Record<string, string>> {
  const [id, ...others] = ids;
  if (id === undefined || others.length > 0) {
    throw new PenstockError("invalid-argument", `--with is for one dead letter, and ${ids.length} are named.`, {
      hint: "Name the letter whose record the file is to stand for: `penstock errors list` has their ids.",
    });
  }
  try {
    const bytes = await readFile(path === "-" ? "/dev/stdin" : path);
    return { [id]: bytes.toString("base64") };
  } catch (error) {
    throw new PenstockError("invalid-argument", `${path} cannot be read: ${messageOf(error)}.`, { cause: error });
  }
}

async function previewTexts({ preview }: RedriveReport): Promise<string[]> {
  const shown = (preview ?? []).filter(({ rows }) => rows.length > 0);
  if (shown.length === 0) return [];
  const { textTable } = await import("./support/table.js");
  return shown.map(({ table, columns, rows }) => {
    const lines = rows.map((row) => row.map((value) => (value === null ? "NULL" : plain(value))));
    return `${table} would get\n${textTable([...columns], lines)}`;
  });
}

function redriveText(report: RedriveReport): string {
  const would = report.dryRun ? "would be " : "";
  return [
    `${counted(report.chosen, "dead letter")} chosen: ${count(report.loaded)} ${would}loaded, ${count(report.filtered)} ${would}filtered, ` +
      `${count(report.failed.length)} failed again, ${count(report.alreadyRedriven)} redriven before.`,
    ...report.failed.slice(0, 20).map((one) => `  ${one.id}  ${one.code}: ${plain(one.message)}`),
    ...(report.failed.length > 20 ? [`  and ${count(report.failed.length - 20)} more (--json has them all)`] : []),
  ].join("\n");
}
