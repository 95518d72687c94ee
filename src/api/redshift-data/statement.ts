/**
 * One statement, or batch, of the Data API, from its submission to its end:
 *
 *     SUBMITTED --> PICKED --> STARTED --> FINISHED
 *         |            |          |------> FAILED
 *         '------------'----------'------> ABORTED
 */
import type { SqlColumn } from "../../redshift/database.js";
import type { ResultPages } from "./result-pages.js";

export type StatementStatus = "SUBMITTED" | "PICKED" | "STARTED" | "FINISHED" | "FAILED" | "ABORTED";

const NEXT: Readonly<Record<StatementStatus, readonly StatementStatus[]>> = {
  SUBMITTED: ["PICKED", "FAILED", "ABORTED"],
  PICKED: ["STARTED", "FAILED", "ABORTED"],
  STARTED: ["FINISHED", "FAILED", "ABORTED"],
  FINISHED: [],
  FAILED: [],
  ABORTED: [],
};

/** Where a statement runs, as the request named it. */
export interface Target {
  readonly clusterIdentifier?: string;
  readonly workgroupName?: string;
  readonly secretArn?: string;
  readonly dbUser?: string;
  readonly database: string;
}

export interface NamedValue {
  readonly name: string;
  readonly value: string;
}

export interface Submission {
  readonly sqls: readonly string[];
  readonly batch: boolean;
  /** Each statement of a batch commits by itself, and a failure of one stops no other. */
  readonly autoCommit: boolean;
  readonly parameters: readonly NamedValue[];
  readonly resultFormat: "JSON" | "CSV";
  readonly name?: string;
  /** Who asked for it. */
  readonly caller?: string;
  readonly target: Target;
}

/** One SQL text and what became of it: a statement's only one, or one of a batch. */
export interface Part {
  readonly sql: string;
  status: StatementStatus;
  createdAtMs: number;
  updatedAtMs: number;
  startedAt: number | undefined;
  durationMs: number | undefined;
  error: string | undefined;
  queryId: number | undefined;
  /** Rows answered or changed. */
  rows: number | undefined;
  columns: readonly SqlColumn[] | undefined;
  result: ResultPages | undefined;
}

export interface Statement {
  readonly id: string;
  readonly submission: Submission;
  readonly parts: readonly Part[];
  readonly createdAtMs: number;
  sessionId: string | undefined;
  status: StatementStatus;
  updatedAtMs: number;
  startedAt: number | undefined;
  durationMs: number | undefined;
  error: string | undefined;
  processId: number | undefined;
  /** Somebody asked for it to stop. */
  readonly cancelled: AbortController;
  /** Resolves when it has ended, however it did. */
  readonly ended: Promise<void>;
  /** Called once, by whoever ends it. */
  readonly end: () => void;
}

export function isEnded({ status }: { readonly status: StatementStatus }): boolean {
  return NEXT[status].length === 0;
}

export function newStatement(id: string, submission: Submission, nowMs: number): Statement {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const fresh = {
    status: "SUBMITTED" as const,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    startedAt: undefined,
    durationMs: undefined,
    error: undefined,
  };
  return {
    ...fresh,
    id,
    submission,
    parts: submission.sqls.map((sql) => ({
      ...fresh,
      sql,
      queryId: undefined,
      rows: undefined,
      columns: undefined,
      result: undefined,
    })),
    sessionId: undefined,
    processId: undefined,
    cancelled: new AbortController(),
    ended,
    end,
  };
}

export interface Moment {
  readonly nowMs: number;
  /** Of the clock that only grows. */
  readonly monotonicMs: number;
}

/** Takes a statement or a part of one to its next status. A part that is passed over (its batch failed) goes straight to its end. */
export function move(one: Statement | Part, to: StatementStatus, { nowMs, monotonicMs }: Moment, error?: string): void {
  if (!NEXT[one.status].includes(to)) {
    throw new Error(`a statement cannot go from ${one.status} to ${to}`);
  }
  one.status = to;
  one.updatedAtMs = nowMs;
  if (to === "STARTED") one.startedAt = monotonicMs;
  if (isEnded(one)) {
    if (one.startedAt !== undefined) one.durationMs = monotonicMs - one.startedAt;
    if (error !== undefined) one.error = error;
  }
}
