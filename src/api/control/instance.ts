import type { PipelineModel } from "../../definition/model.js";
import type { QueryResult } from "../../warehouse/warehouse.js";
import type {
  AdviseBody,
  AuditProgress,
  AuditReport,
  DeadLetter,
  DeadLetterPage,
  FlushAnswer,
  HealthReport,
  LoadAnswer,
  ObjectAnswer,
  Pin,
  PipelineStatus,
  QueryBody,
  RecordPage,
  RedriveBody,
  RedriveReport,
  ReplayBody,
  ReplayProgress,
  ShadowBody,
  ShadowReport,
  TableAdvice,
  TraceReport,
} from "./contract.js";

/**
 * A running pipeline, as the control door sees it. The runtime makes one; the door adds HTTP, limits and refusals and nothing else.
 *
 * Calls may come in parallel. What goes wrong on purpose is a PenstockError: `not-found` becomes 404, `refused`, `locked`,
 * `already-exists` and `incompatible-schema` 409, `unavailable` and `timeout` 503, `invalid-*` and `query-failed` 400. Anything else thrown is
 * a fault of ours: it is logged and answered as 500 without its text.
 */
export interface PipelineInstance {
  readonly model: PipelineModel;
  /** Cheap and immediate: it is asked once a second for as long as a console is open. */
  status(): PipelineStatus;
  isSuperuser(user: string): boolean;
  /** Stops the statement when `signal` fires: the asker has gone. `user` is who asks, where that is known. */
  query(body: QueryBody, signal: AbortSignal, user?: string): Promise<QueryResult>;
  /** Resolves when everything acked before the call is delivered and loaded. */
  flush(): Promise<FlushAnswer>;
  deadLetters(filter: DeadLetterFilter): Promise<DeadLetterPage>;
  deadLetter(id: string): Promise<DeadLetter | undefined>;
  redrive(body: RedriveBody): Promise<RedriveReport>;
  /** Calls `onProgress` as often as it likes (the door thins it out), and answers the last state, `done`. */
  replay(body: ReplayBody, onProgress: (progress: ReplayProgress) => void): Promise<ReplayProgress>;
  /** Gives up when `gone` fires. */
  audit(onProgress?: (progress: AuditProgress) => void, gone?: AbortSignal): Promise<AuditReport>;
  /** `sequence` in the service's form, or the plain count within a shard (its id); undefined when no such record was ever acked. */
  trace(sequence: string, stream?: string, shard?: string): Promise<TraceReport | undefined>;
  records(choice: RecordFilter): Promise<RecordPage>;
  /** `not-found` for no such table, `refused` where there is nothing to sample. */
  advise(body: AdviseBody): Promise<TableAdvice>;
  /** `refused` where no sort key is advised. */
  shadow(body: ShadowBody): Promise<ShadowReport>;
  /** What the lake's object says of itself. */
  object(key: string): Promise<ObjectAnswer>;
  /** `not-found` where the table has neither loaded nor tried the object. */
  load(table: string, key: string): Promise<LoadAnswer>;
  pins(): Promise<readonly Pin[]>;
  /** Durable when it resolves. */
  replacePins(pins: readonly Pin[]): Promise<void>;
  /** Prometheus' text format. */
  metrics(): Promise<string>;
  health(): HealthReport;
}

export interface DeadLetterFilter {
  readonly table?: string;
  readonly code?: string;
  /** 1 to `DEAD_LETTERS_MAX`. */
  readonly limit: number;
  /** The `next` of the page before, in the same order. */
  readonly after?: string;
  /** By arrival; the oldest come first when absent. */
  readonly newestFirst?: boolean;
}

export interface RecordFilter {
  readonly stream: string;
  /** Those of this partition key alone. */
  readonly key?: string;
  /** 1 to `RECORDS_MAX`. */
  readonly limit: number;
  /** The `next` of the page before. */
  readonly after?: string;
}

/** The most records that one page holds. */
export const RECORDS_MAX = 200;
/** The most dead letters that one page holds. */
export const DEAD_LETTERS_MAX = 1000;
/** The sample is held in memory, a column at a time. */
export const ADVISE_LIMITS = {
  rows: { min: 100, max: 250_000 },
  slices: { min: 1, max: 1024 },
  expectedRows: { min: 1, max: 1e15 },
} as const;
