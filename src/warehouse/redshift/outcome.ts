/** What the Data API's account of a batch means for the load. */
import type { StepKind } from "./steps.js";

/** DescribeStatement's answer, as far as it is read. */
export interface DescribedStatement {
  readonly Status?: string | undefined;
  readonly Error?: string | undefined;
  readonly SubStatements?:
    | readonly { readonly Status?: string | undefined; readonly Error?: string | undefined }[]
    | undefined;
}

export type OutcomeKind =
  /** Ask again. */
  | "running"
  /** The report is the last statement's result. */
  | "committed"
  /** Another transaction was there at the same time: the same list may be run again. */
  | "conflict"
  /** Another load has one of the objects, or rows came by another way: read the ledger and plan anew. */
  | "taken"
  /** The objects themselves cannot be loaded: bisect. */
  | "refused"
  /** The target is not as the model says; no object is to blame. */
  | "schema"
  /** A letter to be redriven is dead no more. */
  | "redriven"
  /** Nothing was loaded, and it is nobody's fault: try again later. */
  | "unavailable"
  /** Nobody knows: ask the ledger for the load's id before anything else. */
  | "unknown";

export interface Outcome {
  readonly kind: OutcomeKind;
  readonly reason: string;
  /** Which step failed, from 0. */
  readonly step?: number;
}

const CONFLICT = /\b1023\b|serializable isolation violation|could not serialize|concurrent|deadlock|conflict/i;
/** Words of Redshift's own trouble, or of S3's, in which an object has no part. */
const PASSING =
  /out of memory|disk full|not enough (memory|space)|no space left|timed? ?out|timeout|cancel|slow ?down|service unavailable|throttl|internal error|connection|terminated|restart|maintenance|read-only|too many|resource|access denied|accessdenied|forbidden|not authorized|unable to assume|status 5\d\d|permission denied/i;

/** `kinds` are those of the batch's steps, in order. */
export function readOutcome(described: DescribedStatement, kinds: readonly StepKind[]): Outcome {
  const { Status: status, SubStatements: subs = [] } = described;
  const reason = described.Error ?? "";
  if (status === "FINISHED") return { kind: "committed", reason };
  if (status !== "FAILED" && status !== "ABORTED") return { kind: "running", reason };
  // By whom, and how late: the ledger is asked in any case.
  if (status === "ABORTED") return { kind: "unknown", reason };
  const failed = subs.findIndex((sub) => sub.Status === "FAILED");
  const named = /^Query #(\d+) failed/.exec(reason)?.[1];
  const step = failed === -1 && named !== undefined ? Number(named) - 1 : failed;
  if (step === -1) {
    // Every statement was carried out: it is the COMMIT that failed, or whose answer was lost.
    return { kind: CONFLICT.test(reason) ? "conflict" : "unknown", reason };
  }
  const said = subs[step]?.Error ?? reason;
  return { kind: meaningOf(kinds[step], said), reason: said, step };
}

/** Of a step that failed; its transaction is rolled back for certain. */
function meaningOf(kind: StepKind | undefined, error: string): OutcomeKind {
  // Without names: a table may be called "connections".
  const said = error.replace(/s3:\/\/[^\s']*|'[^']*'|"[^"]*"/g, "");
  if (CONFLICT.test(said)) return "conflict";
  const divided = /divi(de|sion) by zero/i.test(said);
  if (kind === "fresh" && divided) return "taken";
  if (kind === "redriven" && divided) return "redriven";
  if (kind === "count" && divided) return "refused";
  if (PASSING.test(said)) return "unavailable";
  switch (kind) {
    case "schema":
    case "lock":
      return "schema";
    case "copy":
    case "rows":
      return "refused";
    default:
      return "unavailable";
  }
}
