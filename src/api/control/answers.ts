import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Logger } from "pino";
import { type ErrorCode, PenstockError } from "../../core/errors.js";
import { isSqlError } from "../../redshift/sql-error.js";
import type { ErrorAnswer } from "./contract.js";

const STATUS: Readonly<Record<ErrorCode, ContentfulStatusCode>> = {
  "invalid-definition": 400,
  "invalid-argument": 400,
  "bad-record": 400,
  "query-failed": 400,
  "not-found": 404,
  refused: 409,
  locked: 409,
  "already-exists": 409,
  "incompatible-schema": 409,
  unavailable: 503,
  timeout: 503,
  "load-failed": 500,
  damaged: 500,
  poisoned: 500,
};

/** What went wrong, as the contract says it. What was not raised on purpose is logged, and told to nobody outside. */
export function errorAnswer(error: unknown, log: Logger): { status: ContentfulStatusCode; body: ErrorAnswer } {
  if (error instanceof PenstockError) {
    const { code, message, hint, cause } = error;
    const at = isSqlError(cause) ? cause.at : undefined;
    return {
      status: STATUS[code],
      body: {
        error: { code, message, ...(hint === undefined ? {} : { hint }), ...(at === undefined ? {} : { at }) },
      },
    };
  }
  log.error({ err: error }, "a control request failed in a way that was not foreseen");
  return { status: 500, body: { error: { code: "internal", message: "Something failed inside Penstock." } } };
}

export function refuse(
  c: Context,
  status: ContentfulStatusCode,
  message: string,
  hint: string,
  code: ErrorCode = "refused",
): Response {
  return c.json<ErrorAnswer>({ error: { code, message, hint } }, status);
}
