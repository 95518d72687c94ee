/**
 * Every error that Penstock raises on purpose. A code is stable: scripts may test it, docs may name it.
 * `invalid-*` and `refused` are the caller's to mend; `unavailable` may succeed when tried again; `damaged` and
 * `poisoned` stop the part that met them, because going on could lose an acknowledged record.
 */
export type ErrorCode =
  | "invalid-definition"
  | "invalid-argument"
  | "incompatible-schema"
  | "not-found"
  | "already-exists"
  | "refused"
  | "locked"
  | "unavailable"
  | "timeout"
  | "damaged"
  | "poisoned"
  | "bad-record"
  | "load-failed"
  | "query-failed";

const RETRYABLE: ReadonlySet<ErrorCode> = new Set(["unavailable", "timeout"]);

export interface ErrorDetails {
  /** What to do next, one sentence; printed after the message. */
  readonly hint?: string;
  readonly cause?: unknown;
}

export class PenstockError extends Error {
  override readonly name = "PenstockError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
  }

  /** Whether the same call may succeed later without anyone changing anything. */
  get retryable(): boolean {
    return RETRYABLE.has(this.code);
  }
}

export function isPenstockError(error: unknown, code?: ErrorCode): error is PenstockError {
  return error instanceof PenstockError && (code === undefined || error.code === code);
}

/** The message of anything thrown, for logs and for answers that carry text alone. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
