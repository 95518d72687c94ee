/**
 * A flush: what delivery hands from the stream to the lake at one time, for one table. It is decided, then carried out; both are
 * lines of the table's flush log, so that recovery repeats a decision and never takes it again.
 *
 *     decided  { ranges, schemaVersion }        durable before anything is made of its records (see flush-work.ts)
 *     written  { objects, counts }              the objects exist, synced, under temporary names
 *     delivered                                 every object has its final key; the loader may have it
 *
 * A crash after `decided` decodes the same ranges again and arrives at the same objects; after `written` only the renames are repeated.
 */
export interface FlushDecision {
  readonly table: string;
  /** Counts from 1 for each table. */
  readonly flush: number;
  readonly schemaVersion: number;
  readonly decidedAtMs: number;
  readonly ranges: readonly SequenceRange[];
}

/** Inclusive at both ends; never empty. */
export interface SequenceRange {
  readonly stream: string;
  readonly shard: number;
  readonly from: number;
  readonly to: number;
}

/** `rows`: decoded rows. `dead`: dead letters. `filtered`: the identities of rows that `where` turned away, for the audit. */
export type LakeObjectKind = "rows" | "dead" | "filtered";

export interface LakeObject {
  readonly key: string;
  readonly kind: LakeObjectKind;
  readonly table: string;
  readonly flush: number;
  readonly schemaVersion: number;
  readonly rows: number;
  readonly sizeBytes: number;
}

export interface FlushResult extends FlushDecision {
  readonly objects: readonly LakeObject[];
  readonly deliveredAtMs: number;
}
