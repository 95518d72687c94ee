import { Command, CommanderError } from "commander";
import { isPenstockError, messageOf } from "../core/errors.js";
import { programVersion } from "../runtime/version.js";
import { addAdvise } from "./advise.js";
import { addApply } from "./apply.js";
import { addAudit } from "./audit.js";
import { addBench } from "./bench.js";
import { addDestroy } from "./destroy.js";
import { addErrors } from "./errors.js";
import { addFlush } from "./flush.js";
import { addForecast } from "./forecast.js";
import { addInit } from "./init.js";
import { addPlan } from "./plan.js";
import { addPut } from "./put.js";
import { addQuery } from "./query.js";
import { addRecords } from "./records.js";
import { addRepair } from "./repair.js";
import { addReplay } from "./replay.js";
import { addStatus } from "./status.js";
import type { AddCommand } from "./support/command.js";
import { EXIT, exitCodeOf } from "./support/exit-codes.js";
import type { Terminal } from "./support/terminal.js";
import { addSynth } from "./synth.js";
import { addUp } from "./up.js";
import { addValidate } from "./validate.js";

const COMMANDS: readonly AddCommand[] = [
  addUp,
  addPut,
  addQuery,
  addRecords,
  addStatus,
  addErrors,
  addReplay,
  addAudit,
  addRepair,
  addFlush,
  addInit,
  addValidate,
  addSynth,
  addPlan,
  addApply,
  addDestroy,
  addAdvise,
  addForecast,
  addBench,
];

/** Runs one command line to its end and answers the exit code; prints every error as a message and a hint, on stderr. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = new Command("penstock")
    .description("Streaming records into a warehouse: one typed definition, run whole on a laptop or put on AWS.")
    .version(programVersion(), "-V, --version", "print the version")
    .option("--debug", "print stack traces with errors")
    .helpCommand("help [command]", "show what a command does")
    .showHelpAfterError("\nAdd --help to see what is allowed.")
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
      getOutHelpWidth: () => terminal.stdout.columns ?? 100,
      getErrHelpWidth: () => terminal.stderr.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText(
      "after",
      `
Start here:
  $ penstock init my-pipeline && penstock up my-pipeline
  $ penstock put events my-pipeline/sample.ndjson
  $ penstock query "select * from events limit 5"
  $ penstock audit

Exit codes: 0 ok; 1 failed, or the answer is no; 2 wrong usage; 3 no instance to talk to; 4 refused; 130 interrupted.`,
    );
  const context = {
    terminal,
    exit: (code: number) => {
      exitCode = code;
    },
  };
  for (const add of COMMANDS) add(program, context);
  // `--debug` may stand after the command too, where people put it.
  for (const command of everyCommand(program)) command.option("--debug", "print stack traces with errors");

  try {
    await program.parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    printError(error, argv.includes("--debug"), terminal);
    return exitCodeOf(error);
  }
}

function everyCommand(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...everyCommand(child)]);
}

function printError(error: unknown, debug: boolean, terminal: Terminal): void {
  if (debug && error instanceof Error && error.stack !== undefined) {
    terminal.stderr.write(`${error.stack}\n`);
    if (error.cause instanceof Error) terminal.stderr.write(`Caused by: ${error.cause.stack}\n`);
  } else {
    terminal.stderr.write(`error: ${messageOf(error)}\n`);
  }
  if (isPenstockError(error)) {
    if (error.hint !== undefined) terminal.stderr.write(`hint:  ${error.hint}\n`);
  } else if (!debug) {
    terminal.stderr.write("hint:  This one was not foreseen: run it again with --debug to see where it comes from.\n");
  }
}
