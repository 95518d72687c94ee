import { type ErrorCode, PenstockError } from "../../core/errors.js";

/** Stable: scripts test them, `docs/commands.md` names them. */
export const EXIT = {
  ok: 0,
  /** The answer is no (an audit with a finding, an invalid definition, a failed query), or the work failed. */
  failed: 1,
  /** The command line itself is wrong. */
  usage: 2,
  /** No instance is running, or the one named does not answer. */
  unreachable: 3,
  /** Refused: locked, not allowed, or incompatible with what is there. */
  refused: 4,
  /** Stopped by Ctrl-C before the work was done. */
  interrupted: 130,
} as const;

const EXIT_OF: Partial<Record<ErrorCode, number>> = {
  "invalid-argument": EXIT.usage,
  unavailable: EXIT.unreachable,
  refused: EXIT.refused,
  locked: EXIT.refused,
  "already-exists": EXIT.refused,
  "incompatible-schema": EXIT.refused,
};

export function exitCodeOf(error: unknown): number {
  return error instanceof PenstockError ? (EXIT_OF[error.code] ?? EXIT.failed) : EXIT.failed;
}
