import { messageOf, PenstockError } from "../../core/errors.js";

export interface Door {
  /** As people call it: "AWS", "console", "SQL". */
  readonly name: string;
  /** The flag that gives it another port. */
  readonly flag: string;
  readonly host: string;
  readonly port: number;
}

const OTHER_PORTS = "--aws-port, --console-port and --sql-port choose other ports, 0 any that is free";

/** What a door says when it cannot be opened. The usual reasons are another emulator on the same port, and a second Penstock. */
export function listenError(error: unknown, { name, flag, host, port }: Door): PenstockError {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") {
    return new PenstockError("refused", `The ${name} port ${port} of ${host} is taken by another program.`, {
      cause: error,
      hint: `Stop that program (\`penstock status\` tells of another Penstock), or run beside it: ${OTHER_PORTS}.`,
    });
  }
  return new PenstockError(
    "refused",
    `The ${name} port ${port} of ${host} cannot be listened on: ${messageOf(error)}.`,
    {
      cause: error,
      hint: `Choose another ${flag} (from 1024 on, or 0 for any that is free), or another --host.`,
    },
  );
}
