/**
 * One batch of lake objects on its way into a table, as a state machine without I/O: the loader performs what a state asks for
 * and hands back what came of it.
 *
 *     plan -> copy -> verify -> done
 *              |        |
 *              |        +-- an object unaccounted for -----+
 *              +-- outcome unknown ------------------------+-> resolve (read the ledger) -> done | retry
 *              +-- somebody was quicker, the table is not ready -> retry (wait) -> copy
 *              +-- the objects cannot be loaded -> bisect -> done (two batches take over)
 *              |                                   quarantine -> done   (when there is one object)
 *              +-- the warehouse takes nothing more -> stopped
 *
 * Nothing is copied a second time after an unknown outcome before the ledger has been read.
 */
export type BatchState =
  | "plan"
  | "copy"
  | "verify"
  | "resolve"
  | "retry"
  | "bisect"
  | "quarantine"
  | "done"
  | "stopped";

export interface Batch {
  readonly state: BatchState;
  /** Keys of the objects that are not accounted for yet. */
  readonly keys: readonly string[];
  /** Failures in a row; the wait grows with it. */
  readonly attempt: number;
  /** What comes after the wait. */
  readonly resume: "copy" | "resolve" | "quarantine";
  /** Why the batch is where it is, once something went wrong. */
  readonly reason?: string;
}

export type BatchEvent =
  | { readonly kind: "begun" }
  /** The driver answered that these keys are in the ledger. */
  | { readonly kind: "reported"; readonly keys: readonly string[] }
  | { readonly kind: "verified" }
  /** The objects themselves cannot be loaded; nothing of them was. */
  | { readonly kind: "refused"; readonly reason: string }
  /** Nothing was loaded and no object is to blame: the table is not as it should be, or a conflict. */
  | { readonly kind: "hindered"; readonly reason: string }
  | { readonly kind: "unknown"; readonly reason: string }
  /** Keys that the ledger has. */
  | { readonly kind: "ledger"; readonly keys: readonly string[] }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "waited" }
  | { readonly kind: "divided" }
  | { readonly kind: "quarantined" }
  | { readonly kind: "fatal"; readonly reason: string };

type EventOf<K extends BatchEvent["kind"]> = Extract<BatchEvent, { readonly kind: K }>;
type Transition<K extends BatchEvent["kind"]> = (batch: Batch, event: EventOf<K>) => Batch;

/**
 * A batch whose outcome was unknown so often, and that holds several objects, is halved: it may be too much at once for the memory the warehouse
 * has. One object that fails so often lets the others go first.
 */
export const HALVE_AFTER_ATTEMPTS = 4;

/** What cannot happen in a state changes nothing. */
const ignored = (batch: Batch): Batch => batch;
const stopped = (batch: Batch, { reason }: { readonly reason: string }): Batch => ({
  ...batch,
  state: "stopped",
  reason,
});
function waitThen(resume: Batch["resume"]) {
  return (batch: Batch, { reason }: { readonly reason: string }): Batch => ({
    ...batch,
    state: "retry",
    attempt: batch.attempt + 1,
    resume,
    reason,
  });
}

/** After an outcome was unknown and the ledger has shown what is missing. */
function copyWhatIsMissing(batch: Batch, keys: readonly string[]): Batch {
  const left = without(batch, keys);
  if (left.keys.length === 0) return { ...left, state: "done" };
  const again = waitThen("copy")(left, { reason: batch.reason ?? "The warehouse did not account for all objects." });
  return again.attempt >= HALVE_AFTER_ATTEMPTS && again.keys.length > 1 ? { ...again, state: "bisect" } : again;
}

function without(batch: Batch, keys: readonly string[]): Batch {
  const accounted = new Set(keys);
  return { ...batch, keys: batch.keys.filter((key) => !accounted.has(key)) };
}

/** Every state and every event, so that the compiler finds the case that was forgotten. */
const TABLE: { readonly [S in BatchState]: { readonly [K in BatchEvent["kind"]]: Transition<K> } } = {
  plan: {
    begun: (batch) => ({ ...batch, state: batch.keys.length === 0 ? "done" : "copy" }),
    reported: ignored,
    verified: ignored,
    refused: ignored,
    hindered: ignored,
    unknown: ignored,
    ledger: ignored,
    failed: ignored,
    waited: ignored,
    divided: ignored,
    quarantined: ignored,
    fatal: stopped,
  },
  copy: {
    begun: ignored,
    reported: (batch, { keys }) => ({ ...without(batch, keys), state: "verify" }),
    verified: ignored,
    refused: (batch, { reason }) => ({ ...batch, state: batch.keys.length > 1 ? "bisect" : "quarantine", reason }),
    hindered: waitThen("copy"),
    unknown: (batch, { reason }) => ({ ...batch, state: "resolve", reason }),
    ledger: ignored,
    failed: ignored,
    waited: ignored,
    divided: ignored,
    quarantined: ignored,
    fatal: stopped,
  },
  verify: {
    begun: ignored,
    reported: ignored,
    verified: (batch) => ({ ...batch, state: batch.keys.length === 0 ? "done" : "resolve" }),
    refused: ignored,
    hindered: ignored,
    unknown: ignored,
    ledger: ignored,
    failed: ignored,
    waited: ignored,
    divided: ignored,
    quarantined: ignored,
    fatal: stopped,
  },
  resolve: {
    begun: ignored,
    reported: ignored,
    verified: ignored,
    refused: ignored,
    hindered: ignored,
    unknown: ignored,
    ledger: (batch, { keys }) => copyWhatIsMissing(batch, keys),
    failed: waitThen("resolve"),
    waited: ignored,
    divided: ignored,
    quarantined: ignored,
    fatal: stopped,
  },
  retry: {
    begun: ignored,
    reported: ignored,
    verified: ignored,
    refused: ignored,
    hindered: ignored,
    unknown: ignored,
    ledger: ignored,
    failed: ignored,
    waited: (batch) => ({ ...batch, state: batch.resume }),
    divided: ignored,
    quarantined: ignored,
    fatal: stopped,
  },
  bisect: {
    begun: ignored,
    reported: ignored,
    verified: ignored,
    refused: ignored,
    hindered: ignored,
    unknown: ignored,
    ledger: ignored,
    failed: ignored,
    waited: ignored,
    // The halves account for the objects from here on.
    divided: (batch) => ({ ...batch, keys: [], state: "done" }),
    quarantined: ignored,
    fatal: stopped,
  },
  quarantine: {
    begun: ignored,
    reported: ignored,
    verified: ignored,
    refused: ignored,
    hindered: ignored,
    unknown: ignored,
    ledger: ignored,
    failed: (batch) => waitThen("quarantine")(batch, { reason: batch.reason ?? "" }),
    waited: ignored,
    divided: ignored,
    quarantined: (batch) => ({ ...batch, keys: [], state: "done" }),
    fatal: stopped,
  },
  done: {
    begun: ignored,
    reported: ignored,
    verified: ignored,
    refused: ignored,
    hindered: ignored,
    unknown: ignored,
    ledger: ignored,
    failed: ignored,
    waited: ignored,
    divided: ignored,
    quarantined: ignored,
    fatal: ignored,
  },
  stopped: {
    begun: ignored,
    reported: ignored,
    verified: ignored,
    refused: ignored,
    hindered: ignored,
    unknown: ignored,
    ledger: ignored,
    failed: ignored,
    waited: ignored,
    divided: ignored,
    quarantined: ignored,
    fatal: ignored,
  },
};

export function planBatch(keys: readonly string[], attempt = 0): Batch {
  return { state: "plan", keys, attempt, resume: "copy" };
}

export function nextBatch(batch: Batch, event: BatchEvent): Batch {
  // Which transition belongs to which event is the table's type; here the two meet again.
  const transition = TABLE[batch.state][event.kind] as (batch: Batch, event: BatchEvent) => Batch;
  return transition(batch, event);
}

/** The two halves of a batch that is to be bisected. A half begins with no failures of its own, so that it is tried at once. */
export function halvesOf(batch: Batch): readonly [Batch, Batch] {
  const middle = Math.ceil(batch.keys.length / 2);
  return [planBatch(batch.keys.slice(0, middle)), planBatch(batch.keys.slice(middle))];
}

export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** Doubles with each failure up to a bound; between half of it and the whole, so that tables that failed together do not return together. */
export function waitMs(backoff: Backoff, attempt: number, random: () => number): number {
  const full = Math.min(backoff.maxMs, backoff.firstMs * 2 ** Math.min(attempt - 1, 30));
  return full * (0.5 + random() / 2);
}
