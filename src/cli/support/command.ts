import { type Command, Option } from "commander";
import type { Terminal } from "./terminal.js";

/** A command's file adds itself to the program, and imports what is heavy only when it runs: `--help` must be instant. */
export type AddCommand = (program: Command, context: CommandContext) => void;

export interface CommandContext {
  readonly terminal: Terminal;
  /** Tells the program which exit code to end with; 0 when nobody does. */
  exit(code: number): void;
}

export function examples(lines: readonly (readonly [command: string, what: string])[]): string {
  return `\nExamples:\n${lines.map(([command, what]) => `  # ${what}\n  $ ${command}`).join("\n")}\n`;
}

/** The options of each command that talks to a running instance. */
export function instanceOptions(command: Command): Command {
  return command
    .optionsGroup("Which instance (needed only when several run, or it runs elsewhere):")
    .option("--url <address>", "the console's address, e.g. http://127.0.0.1:4580 (or PENSTOCK_URL)")
    .option("--data <dir>", "the data directory of the instance")
    .optionsGroup("Options:");
}

export function jsonOption(what: string): Option {
  return new Option("--json", what);
}
