#!/usr/bin/env node
import { run } from "./run.js";
import type { Terminal } from "./support/terminal.js";

const terminal: Terminal = {
  environment: process.env,
  workingDirectory: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  onInterrupt: (listener) => {
    process.on("SIGINT", listener);
    process.on("SIGTERM", listener);
    return () => {
      process.off("SIGINT", listener);
      process.off("SIGTERM", listener);
    };
  },
};

// `penstock query ... | head`: the reader has had enough, which is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

const code = await run(process.argv.slice(2), terminal);
// Everything printed must be out before the process goes; a pipe takes it later than a terminal.
process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
