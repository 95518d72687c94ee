import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { Option } from "commander";
import { PenstockError } from "../core/errors.js";
import { type AddCommand, examples, jsonOption } from "./support/command.js";
import { wholeNumber } from "./support/parse.js";
import { note, print, printJson, type Terminal } from "./support/terminal.js";
import { duration } from "./support/text.js";

interface BenchOptions {
  readonly out: string;
  readonly quick?: boolean;
  readonly scale?: number;
  readonly folder: string;
  readonly json?: boolean;
  readonly list?: boolean;
  readonly update?: string;
  readonly aws?: boolean;
  readonly bucket?: string;
  readonly role?: string;
  readonly database: string;
  readonly workgroup?: string;
  readonly cluster?: string;
  readonly dbUser?: string;
  readonly secretArn?: string;
}

export const addBench: AddCommand = (program, { terminal, exit }) => {
  program
    .command("bench")
    .summary("measure this machine, side by side with others")
    .description(
      "Runs the benchmarks: ingestion against kinesalite and DuckDB, freshness, start-up and memory, COPY by format, compression and objects, queries against DuckDB and PostgreSQL, " +
        "sort keys and partitions, large results, growth. Each starts processes of its own on free ports and a temporary folder; a running instance is left alone.\n" +
        "Writes report.md, report.json and charts. kinesalite is installed by npm into the temporary folder; PostgreSQL is used where its programs are (15 by preference); both are left out where they cannot be had.",
    )
    .argument("[suites...]", "which of them (default: all; --list names them)")
    .option("--out <dir>", "where the report goes", "penstock-bench")
    .option("--quick", "less of everything, to see that they run; no figures to quote")
    .option(
      "--scale <rows>",
      "rows or records, instead of each suite's own number",
      wholeNumber("--scale", 1_000, 1_000_000_000),
    )
    .option("--folder <dir>", "a folder on the disk that is to be measured", tmpdir())
    .option("--list", "name the suites and what they measure, and run none")
    .addOption(jsonOption("print what was measured as JSON"))
    .addOption(new Option("--update <page>", "put the tables into their places in a page").hideHelp())
    .optionsGroup("On a real Redshift (COPY and queries; costs money, and makes and drops tables penstock_bench_*):")
    .option("--aws", "run them through the Data API, with the credentials and the region of your environment")
    .option("--bucket <name/prefix>", "a bucket of yours; the objects stay under the prefix until you delete them")
    .option("--role <arn>", "the role with which Redshift reads it (default: the warehouse's default one)")
    .option("--workgroup <name>", "a serverless workgroup")
    .option("--cluster <id>", "or a provisioned cluster")
    .option("--db-user <name>", "the cluster's user")
    .option("--secret-arn <arn>", "or a secret with a user and password")
    .option("--database <name>", "the database", "dev")
    .optionsGroup("Options:")
    .addHelpText(
      "after",
      examples([
        ["penstock bench queries copy", "two of them"],
        ["penstock bench --quick", "see that all of them run, in two minutes or so"],
        ["penstock bench growth --scale 100000000", "as far as a hundred million rows"],
        [
          "penstock bench --aws --workgroup default-workgroup --bucket my-bucket/bench",
          "the same questions to a Redshift",
        ],
      ]),
    )
    .action(async (names: string[], options: BenchOptions) => {
      const { SUITES } = await import("../bench/all-suites.js");
      const available = options.aws ? [await awsSuite(options)] : SUITES;
      if (options.list) {
        for (const { name, about } of available) print(terminal, `${name}\n  ${about}\n`);
        return;
      }
      const unknown = names.filter((name) => !available.some((suite) => suite.name === name));
      if (unknown.length > 0 && !options.aws) {
        throw new PenstockError("invalid-argument", `There is no benchmark ${unknown.join(", ")}.`, {
          hint: `Suites: ${available.map(({ name }) => name).join(", ")}.`,
        });
      }
      const chosen =
        names.length === 0 || options.aws ? available : available.filter(({ name }) => names.includes(name));
      exit(await measure(chosen, options, terminal));
    });
};

async function measure(
  chosen: readonly import("../bench/support/suite.js").Suite[],
  options: BenchOptions,
  terminal: Terminal,
): Promise<number> {
  const { runSuites } = await import("../bench/run-suites.js");
  const { killChildren } = await import("../bench/support/children.js");
  const { machineText, suiteText, updatePage, writeReport } = await import("../bench/support/report.js");
  const { programVersion } = await import("../runtime/version.js");
  const out = resolve(terminal.workingDirectory, options.out);
  const bar = await suiteBar(terminal);
  let interrupted = false;
  // The processes are ended, and with them the suite fails, and clears its folder.
  const stop = terminal.onInterrupt(() => {
    interrupted = true;
    killChildren();
  });
  note(terminal, machineText());
  const measured: import("../bench/support/report.js").Measured[] = [];
  try {
    await runSuites(chosen, {
      folder: resolve(terminal.workingDirectory, options.folder),
      quick: options.quick === true,
      ...(options.scale === undefined ? {} : { scale: options.scale }),
      now: () => Date.now(),
      say: (suite, text) => bar.say(`${suite.name}: ${text}`),
      progress: (suite, share) => bar.update(suite.name, (chosen.indexOf(suite) + share) / chosen.length),
      done: (one) => {
        measured.push(one);
        // After each, so that what was measured is kept whatever becomes of the next.
        writeReport(out, measured, programVersion());
        if (options.update !== undefined && !one.quick)
          updatePage(resolve(terminal.workingDirectory, options.update), one);
        bar.say(`${one.suite.name}: done in ${duration(one.tookMs)}`);
      },
    });
  } catch (error) {
    if (!interrupted) throw error;
  } finally {
    bar.stop();
    stop();
  }
  if (options.json) printJson(terminal, measured);
  else for (const one of measured) print(terminal, `## ${one.suite.name}\n\n${suiteText(one)}\n`);
  if (interrupted) {
    note(terminal, "Stopped.");
    return 130;
  }
  note(terminal, `${out}: report.md, report.json${measured.some(({ result }) => result.charts) ? ", charts" : ""}.`);
  return 0;
}

interface SuiteBar {
  say(text: string): void;
  update(name: string, share: number): void;
  stop(): void;
}

async function suiteBar(terminal: Terminal): Promise<SuiteBar> {
  if (!terminal.stderr.isTTY) return { say: (text) => note(terminal, text), update: () => {}, stop: () => {} };
  const { default: bars } = await import("cli-progress");
  const bar = new bars.SingleBar({
    format: "{bar} {percentage}% {name}  {text}",
    stream: terminal.stderr as NodeJS.WriteStream,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    linewrap: false,
  });
  bar.start(1000, 0, { name: "", text: "" });
  return {
    say: (text) => bar.update({ text }),
    update: (name, share) => bar.update(Math.round(share * 1000), { name }),
    stop: () => bar.stop(),
  };
}

async function awsSuite(options: BenchOptions) {
  const { bucket, role, workgroup, cluster, dbUser, secretArn, database } = options;
  if (bucket === undefined || (workgroup === undefined) === (cluster === undefined)) {
    throw new PenstockError("invalid-argument", "--aws needs --bucket, and either --workgroup or --cluster.", {
      hint: "penstock bench --aws --workgroup default-workgroup --bucket my-bucket/bench",
    });
  }
  const { redshiftSuite } = await import("../bench/suites/redshift.js");
  const [name = "", ...prefix] = bucket.split("/");
  return redshiftSuite({
    bucket: name,
    keyPrefix: prefix.join("/"),
    role,
    workgroup,
    cluster,
    dbUser,
    secretArn,
    database,
  });
}
