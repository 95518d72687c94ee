/**
 * What a state machine on AWS and its Lambda say to each other. The Lambda decides and writes SQL; the machine carries out, waits and follows (see
 * deploy/src/stages/supervised-states.ts), since only it can wait for hours and call the Data API from within the VPC's closed subnets.
 *
 *     machine: { work, answer } -> Lambda -> { work, do: ... } -> machine carries it out -> { work, answer } -> ...
 */
import type { DescribedStatement } from "../warehouse/redshift/outcome.js";

export type Task =
  /** One transaction. `report`: the number of the statement, from 1, whose rows are wanted; 0 for none. */
  | { readonly do: "transaction"; readonly sqls: readonly string[]; readonly token: string; readonly report: number }
  /** A statement by itself, in no transaction block. */
  | { readonly do: "statement"; readonly sql: string; readonly token: string }
  /** A question, whose rows are wanted. */
  | { readonly do: "ask"; readonly sql: string; readonly token: string }
  | { readonly do: "wait"; readonly seconds: number }
  | { readonly do: "done" }
  | { readonly do: "failed"; readonly reason: string };

export type Answer =
  | { readonly kind: "begin" }
  | { readonly kind: "waited" }
  /** FINISHED, FAILED or ABORTED. `records` where rows were wanted and could be had. */
  | { readonly kind: "ended"; readonly described: DescribedStatement; readonly records?: readonly (readonly Field[])[] }
  /** The deadline has passed and the statement was cancelled, as far as that was possible: how it stands after that. */
  | { readonly kind: "late"; readonly described: DescribedStatement }
  /** The service gave no answer, however often it was asked. */
  | { readonly kind: "lost"; readonly error: ServiceError }
  /** This Lambda itself failed; the execution ends after this call. */
  | { readonly kind: "broken"; readonly error: ServiceError };

export interface ServiceError {
  readonly Error?: string;
  readonly Cause?: string;
}

/** A value of GetStatementResult, spelled as Step Functions passes it on. */
export interface Field {
  readonly StringValue?: string;
  readonly LongValue?: number;
  readonly DoubleValue?: number;
  readonly BooleanValue?: boolean;
  readonly IsNull?: boolean;
}

export interface Call<W> {
  readonly work: W;
  readonly answer: Answer;
  /** The execution's ARN. */
  readonly execution: string;
}

export type Told<W> = Task & { readonly work: W };

export function valuesOf(records: readonly (readonly Field[])[]): unknown[][] {
  return records.map((record) =>
    record.map((field) =>
      field.IsNull === true
        ? null
        : (field.StringValue ?? field.LongValue ?? field.DoubleValue ?? field.BooleanValue ?? null),
    ),
  );
}

/** Rows of a question that was answered; undefined of one that was not. */
export function rowsOf(answer: Answer): unknown[][] | undefined {
  if (answer.kind !== "ended" || answer.described.Status !== "FINISHED") return undefined;
  return answer.records === undefined ? undefined : valuesOf(answer.records);
}

export function troubleOf(answer: Answer): string {
  switch (answer.kind) {
    case "ended":
      return answer.described.Error ?? `the statement ended as ${answer.described.Status}`;
    case "late":
      return `the statement was not done in time (${answer.described.Status})`;
    case "lost":
    case "broken":
      return `${answer.error.Error ?? "Error"}: ${answer.error.Cause ?? "no cause was given"}`;
    default:
      return answer.kind;
  }
}
