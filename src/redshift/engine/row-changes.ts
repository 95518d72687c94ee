/**
 * In which order rows changed and views were computed, as committed: which materialized views no longer show what they read. Kept in memory; after
 * a start nobody knows, and every view counts as stale.
 */
import type { Snapshot } from "../catalog/snapshot.js";
import type { StoredRelation } from "../catalog/stored.js";

export interface RowChanges {
  /** Grows with every change. */
  readonly now: number;
  /** Rows of these relations (by oid) have changed. */
  changed(oids: Iterable<number>): void;
  /** The view's rows are what its query answered at `since`, a value of `now`. */
  computed(view: number, since: number): void;
  /** Whether something that the view reads has changed since. External tables never do: nobody tells of their objects. */
  isStale(view: StoredRelation, snapshot: Snapshot): boolean;
}

export function rowChanges(): RowChanges {
  let now = 0;
  const changes = new Map<number, number>();
  const computations = new Map<number, number>();
  const changedAfter = (oid: number, since: number, snapshot: Snapshot): boolean => {
    if ((changes.get(oid) ?? 0) > since) return true;
    const relation = snapshot.byOid(oid);
    return relation?.kind === "view" && relation.reads.some((read) => changedAfter(read, since, snapshot));
  };
  return {
    get now() {
      return now;
    },
    changed: (oids) => {
      now++;
      for (const oid of oids) changes.set(oid, now);
    },
    computed: (view, since) => void computations.set(view, since),
    isStale: (view, snapshot) => {
      const since = computations.get(view.oid);
      return since === undefined || view.reads.some((read) => changedAfter(read, since, snapshot));
    },
  };
}
