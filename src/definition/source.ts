import { SOURCE } from "./brand.js";

export interface SourceDraft {
  readonly kind: "kinesis" | "direct-put";
  readonly name?: unknown;
  readonly options?: unknown;
}

/** Where a table's records come from. */
export interface Source {
  readonly [SOURCE]: SourceDraft;
}

export interface StreamOptions {
  /** 1 to 10,000; default 1. Where the definition changes it, the stream is split or merged. */
  readonly shards?: number;
  /** How long a record can be read again: 24 to 8,760 hours; default 24. */
  readonly retentionHours?: number;
}

/** A Kinesis data stream. Several tables may take from one stream: use one object for it, or say the same of it each time. */
export function stream(name: string, options: StreamOptions = {}): Source {
  return Object.freeze({ [SOURCE]: Object.freeze<SourceDraft>({ kind: "kinesis", name, options }) });
}

/** Records that come by Firehose alone (PutRecord, PutRecordBatch); the delivery stream is called as the table unless named. */
export function directPut(name?: string): Source {
  return Object.freeze({ [SOURCE]: Object.freeze<SourceDraft>({ kind: "direct-put", name }) });
}
