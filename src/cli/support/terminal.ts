import type { Readable, Writable } from "node:stream";

/** Where a command runs: everything it may read or write besides files and the running instance. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  /** Calls back at each Ctrl-C or SIGTERM, instead of ending the process; answers the function that ends that. */
  onInterrupt(listener: () => void): () => void;
}

export function print(terminal: Terminal, text: string): void {
  terminal.stdout.write(`${text}\n`);
}

export function printJson(terminal: Terminal, value: unknown): void {
  terminal.stdout.write(`${JSON.stringify(value, null, terminal.stdout.isTTY ? 2 : 0)}\n`);
}

/** For what a person should know and a script should not have to read past. */
export function note(terminal: Terminal, text: string): void {
  terminal.stderr.write(`${text}\n`);
}
