/**
 * The Data API as the driver needs it: a batch in one transaction, followed to its end or its deadline; a question and its rows. Whatever happens
 * between here and the service (an answer lost, requests throttled, a connection that hangs) ends in an outcome, of which `unknown` is one.
 */
import {
  BatchExecuteStatementCommand,
  CancelStatementCommand,
  type ColumnMetadata,
  DescribeStatementCommand,
  ExecuteStatementCommand,
  type Field,
  GetStatementResultCommand,
  type RedshiftDataClient,
} from "@aws-sdk/client-redshift-data";
import type { Clock } from "../../core/clock.js";
import { messageOf, PenstockError } from "../../core/errors.js";
import { type DescribedStatement, type Outcome, readOutcome } from "./outcome.js";
import type { Step } from "./steps.js";

/** Where the warehouse is, in the service's words. */
export interface DataApiTarget {
  readonly Database: string;
  readonly WorkgroupName?: string;
  readonly ClusterIdentifier?: string;
  readonly SecretArn?: string;
  readonly DbUser?: string;
}

export interface DataApiOptions {
  readonly client: Pick<RedshiftDataClient, "send">;
  readonly target: DataApiTarget;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** Never the same twice. */
  readonly newId: () => string;
  /** Between two tries of a request; doubles from the first to the last. Default 100 ms to 5 s. */
  readonly pauses?: { readonly firstMs: number; readonly maxMs: number };
}

export interface Limit {
  /** On the monotonic clock: then the statement is cancelled. */
  readonly untilMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface BatchEnd extends Outcome {
  /** Whether the service has said that it is over; else it may still be running. */
  readonly ended: boolean;
  /** Rows of the last statement, once it has committed. */
  rows(): Promise<readonly (readonly unknown[])[]>;
}

export interface Rows {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
  readonly truncated: boolean;
  /** Rows changed, of a statement without a result. */
  readonly changed: number | undefined;
}

export interface DataApi {
  /** Never rejects but for a mistake of ours. `token` names this submission: sent again with it, the batch is not run again. */
  transaction(steps: readonly Step[], token: string, limit: Limit): Promise<BatchEnd>;
  /** A question; asked again where what became of it is not known. */
  query(sql: string, limit: Limit, rowsMax?: number): Promise<Rows>;
  /** A statement by itself, in no transaction block. */
  execute(sql: string, limit: Limit): Promise<void>;
}

/** Source: the service's API reference gives 30 as the most. */
const WAIT_SECONDS_MAX = 20;
/** How long an answer may take beyond what was asked to be waited. */
const ANSWER_MS = 10_000;
const CANCEL_GRACE_MS = 4_000;
const PAUSES = { firstMs: 100, maxMs: 5_000 };

export function dataApi({ client, target, clock, random, newId, pauses = PAUSES }: DataApiOptions): DataApi {
  const left = ({ untilMs, signal }: Limit) => (signal?.aborted ? 0 : untilMs - clock.monotonic());
  const waitSeconds = (limit: Limit) => Math.max(1, Math.min(WAIT_SECONDS_MAX, Math.floor(left(limit) / 1000)));

  /** One request, whose answer is waited for no longer than it can take, or than somebody wants it. */
  async function bounded<T>(
    ms: number,
    signal: AbortSignal | undefined,
    send: (abortSignal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const late = new AbortController();
    const answered = new AbortController();
    const leave = () => late.abort(signal?.reason);
    signal?.addEventListener("abort", leave, { once: true });
    clock.sleep(ms, answered.signal).then(
      () => late.abort(new Error(`there was no answer within ${Math.round(ms)} ms`)),
      () => undefined,
    );
    try {
      return await send(late.signal);
    } catch (error) {
      throw late.signal.aborted ? late.signal.reason : error;
    } finally {
      answered.abort();
      signal?.removeEventListener("abort", leave);
    }
  }

  /** Tries until it is answered, or refused for good, or there is no time left. */
  async function insist<T>(
    limit: Limit,
    send: (abortSignal: AbortSignal, waitSeconds: number) => Promise<T>,
  ): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        const wait = waitSeconds(limit);
        return await bounded(Math.min(wait * 1000 + ANSWER_MS, Math.max(left(limit), 1000)), limit.signal, (abort) =>
          send(abort, wait),
        );
      } catch (error) {
        const pause = Math.min(pauses.maxMs, pauses.firstMs * 2 ** attempt) * (0.5 + random() / 2);
        if (!mayPass(error) || left(limit) <= pause) throw error;
        await clock.sleep(pause, limit.signal).catch(() => undefined);
      }
    }
  }

  /** To the statement's end; undefined where that is not known in time. A statement that is late is cancelled. */
  async function follow(id: string, first: DescribedStatement, limit: Limit): Promise<DescribedStatement | undefined> {
    let seen = first;
    while (!isEnded(seen)) {
      if (left(limit) <= 0) return await cancel(id);
      try {
        seen = await insist(limit, (abortSignal, WaitTimeSeconds) =>
          client.send(new DescribeStatementCommand({ Id: id, WaitTimeSeconds }), { abortSignal }),
        );
      } catch (error) {
        if (!mayPass(error)) return undefined;
        if (left(limit) <= pauses.maxMs) return await cancel(id);
      }
    }
    return seen;
  }

  async function cancel(id: string): Promise<DescribedStatement | undefined> {
    const grace: Limit = { untilMs: clock.monotonic() + CANCEL_GRACE_MS };
    // It may have ended in between, which makes it impossible to cancel: what it came to is asked in any case.
    await bounded(CANCEL_GRACE_MS / 2, undefined, (abortSignal) =>
      client.send(new CancelStatementCommand({ Id: id }), { abortSignal }),
    ).catch(() => undefined);
    while (left(grace) > 0) {
      const seen = await insist(grace, (abortSignal) =>
        client.send(new DescribeStatementCommand({ Id: id, WaitTimeSeconds: 1 }), { abortSignal }),
      ).catch(() => undefined);
      if (seen !== undefined && isEnded(seen)) return seen;
      await clock.sleep(pauses.firstMs);
    }
    return undefined;
  }

  async function result(id: string, limit: Limit, rowsMax = Number.POSITIVE_INFINITY) {
    const rows: unknown[][] = [];
    let metadata: readonly ColumnMetadata[] = [];
    let NextToken: string | undefined;
    do {
      const page = await insist(limit, (abortSignal) =>
        client.send(new GetStatementResultCommand({ Id: id, NextToken }), { abortSignal }),
      );
      if (NextToken === undefined) metadata = page.ColumnMetadata ?? [];
      for (const record of page.Records ?? []) {
        if (rows.length === rowsMax) return { metadata, rows, truncated: true };
        rows.push(record.map((field, index) => fieldValue(field, metadata[index]?.typeName)));
      }
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    return { metadata, rows, truncated: false };
  }

  return {
    transaction: async (steps, token, limit) => {
      const kinds = steps.map(({ kind }) => kind);
      const none = async () => [];
      let answer: { readonly Id?: string | undefined; readonly Status?: string | undefined };
      try {
        // Not waited for here: its answer brings the id, without which nobody could cancel it.
        answer = await insist(limit, (abortSignal) =>
          client.send(
            new BatchExecuteStatementCommand({
              ...target,
              Sqls: steps.map(({ sql }) => sql),
              ClientToken: token,
              StatementName: `penstock ${kinds.at(-1) === "report" ? "load" : "change"}`,
            }),
            { abortSignal },
          ),
        );
      } catch (error) {
        // Refused for good: it never ran. Otherwise it may have been taken, and only the answer been lost.
        if (isMistake(error)) throw mistake(error);
        const kind = mayPass(error) ? "unknown" : "unavailable";
        return { kind, reason: messageOf(error), ended: kind === "unavailable", rows: none };
      }
      const id = answer.Id ?? "";
      const seen = await follow(id, {}, limit);
      if (seen === undefined) {
        return {
          kind: "unknown",
          reason: "What became of the batch could not be learned in time.",
          ended: false,
          rows: none,
        };
      }
      const outcome = readOutcome(seen, kinds);
      return { ...outcome, ended: true, rows: async () => (await result(`${id}:${steps.length}`, limit)).rows };
    },

    query: (sql, limit, rowsMax) =>
      named(async () => {
        for (;;) {
          const { id, seen } = await run(sql, limit);
          if (seen === undefined || seen.Status === "ABORTED") {
            // A question may be asked twice.
            if (left(limit) > pauses.maxMs) continue;
            throw unanswered();
          }
          if (seen.HasResultSet !== true)
            return { columns: [], rows: [], truncated: false, changed: Math.max(0, seen.ResultRows ?? 0) };
          const { metadata, rows, truncated } = await result(id, limit, rowsMax).catch((error: unknown) => {
            if (mayPass(error) || left(limit) <= pauses.maxMs) throw error;
            return { metadata: undefined, rows: [], truncated: false };
          });
          if (metadata === undefined) continue;
          return {
            columns: metadata.map(({ name = "", typeName = "" }) => ({ name, type: typeName })),
            rows,
            truncated,
            changed: undefined,
          };
        }
      }),

    execute: (sql, limit) =>
      named(async () => {
        const { seen } = await run(sql, limit);
        if (seen?.Status !== "FINISHED") throw unanswered();
      }),
  };

  async function run(sql: string, limit: Limit) {
    const token = newId();
    const { Id: id = "" } = await insist(limit, (abortSignal) =>
      client.send(new ExecuteStatementCommand({ ...target, Sql: sql, ClientToken: token }), { abortSignal }),
    );
    const seen: (DescribedStatement & { HasResultSet?: boolean; ResultRows?: number }) | undefined = await follow(
      id,
      {},
      limit,
    );
    if (seen?.Status === "FAILED") throw new PenstockError("query-failed", seen.Error ?? "The statement failed.");
    return { id, seen };
  }
}

function unanswered(): PenstockError {
  return new PenstockError("timeout", "The warehouse has not answered a question in time.");
}

/** The service's errors in our own words. */
async function named<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PenstockError) throw error;
    if (isMistake(error)) throw mistake(error);
    throw new PenstockError("unavailable", `The Data API: ${messageOf(error)}`, {
      cause: error,
      hint: "Look at the workgroup or cluster, and at the permissions of whoever runs this.",
    });
  }
}

function isEnded({ Status }: DescribedStatement): boolean {
  return Status === "FINISHED" || Status === "FAILED" || Status === "ABORTED";
}

const PASSING_ERRORS: ReadonlySet<string> = new Set([
  "ThrottlingException",
  "TooManyRequestsException",
  "ActiveStatementsExceededException",
  "ActiveSessionsExceededException",
  "ActiveWaitingRequestsExceededException",
  "InternalServerException",
  "DatabaseConnectionException",
  "ServiceUnavailableException",
]);

/** Whether the same request may be answered later. Whatever was not the service's own answer may. */
function mayPass(error: unknown): boolean {
  const { name = "", $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } };
  if (PASSING_ERRORS.has(name)) return true;
  const status = $metadata?.httpStatusCode;
  return status === undefined || status >= 500;
}

function isMistake(error: unknown): boolean {
  return error instanceof Error && error.name === "ValidationException";
}

function mistake(error: unknown): PenstockError {
  return new PenstockError("invalid-argument", `The Data API refuses a request of ours: ${messageOf(error)}`, {
    cause: error,
  });
}

/** Numbers where they are exact, ISO text for times, text for the rest. */
function fieldValue(field: Field, type: string | undefined): unknown {
  if (field.isNull === true) return null;
  const { stringValue } = field;
  if (stringValue !== undefined) {
    if (type === "timestamp") return stringValue.replace(" ", "T");
    if (type === "timestamptz") return stringValue.replace(" ", "T").replace(/\+00(:?00)?$/, "Z");
    return stringValue;
  }
  if (field.blobValue !== undefined) return Buffer.from(field.blobValue).toString("base64");
  return field.longValue ?? field.doubleValue ?? field.booleanValue ?? null;
}
