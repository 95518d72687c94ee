/**
 * The catalog as committed, which all sessions share. A transaction of DuckDB's must see exactly the tables that its catalog tells of, and no name
 * may be given twice; DuckDB knows nothing of either, so that commits of DDL go through here one at a time:
 *
 *     compare with what others have committed since it began (40001) -> COMMIT -> publish
 *
 * and a transaction that begins while one of them is on its way begins again.
 */
import { roleKey } from "../catalog/roles.js";
import { applyChanges, type CatalogChange, keepingObjects, type Snapshot } from "../catalog/snapshot.js";
import type { StoredFunction, StoredRelation } from "../catalog/stored.js";
import { serializationFailure } from "./engine-errors.js";

export interface CommittedCatalog {
  readonly snapshot: Snapshot;
  /** A commit of DDL is on its way: DuckDB may be ahead of `snapshot`. */
  readonly moving: boolean;
  /** Resolves when those that are on their way have arrived. */
  settled(): Promise<void>;
  /** `base` is what the transaction began with; `commit` is DuckDB's. Rejects with 40001, `commit` not called, where others were faster. */
  commit(base: Snapshot, changes: readonly CatalogChange[], commit: () => Promise<void>): Promise<void>;
  /** What the warehouse did by itself. `read` answers the catalog as DuckDB has it. */
  reload(read: (version: number) => Promise<Snapshot>): Promise<void>;
}

export function committedCatalog(initial: Snapshot): CommittedCatalog {
  let snapshot = initial;
  let moving = 0;
  let last: Promise<unknown> = Promise.resolve();

  function inTurn(work: () => Promise<void>): Promise<void> {
    moving++;
    const turn = last.then(work).finally(() => {
      moving--;
    });
    last = turn.catch(() => undefined);
    return turn;
  }

  return {
    get snapshot() {
      return snapshot;
    },
    get moving() {
      return moving > 0;
    },
    async settled() {
      while (moving > 0) await last;
    },
    commit: (base, changes, commit) =>
      inTurn(async () => {
        if (snapshot !== base) checkUnchanged(base, snapshot, changes);
        await commit();
        snapshot = applyChanges(snapshot, changes, snapshot.version + 1);
      }),
    reload: (read) =>
      inTurn(async () => {
        snapshot = keepingObjects(snapshot, await read(snapshot.version + 1));
      }),
  };
}

/** Throws 40001 where an object that the transaction made, changed or removed is not any more as it was when the transaction began. */
function checkUnchanged(base: Snapshot, now: Snapshot, changes: readonly CatalogChange[]): void {
  for (const change of changes) {
    if ("put" in change) checkPut(base, now, change.put);
    else if ("remove" in change) checkRemove(base, now, change.remove);
    else if ("putFunction" in change) checkFunction(base, now, change.putFunction);
    else if ("removeFunction" in change) checkFunction(base, now, change.removeFunction);
    else if ("putRole" in change) checkRole(base, now, change.putRole.kind, change.putRole.name);
    else if ("removeRole" in change) checkRole(base, now, change.removeRole.kind, change.removeRole.name);
    else if ("grant" in change) {
      if (change.grant.granteeType !== "public") checkRole(base, now, change.grant.granteeType, change.grant.grantee);
    } else if ("revoke" in change) continue;
    else {
      const schema = "putSchema" in change ? change.putSchema : change.removeSchema;
      if (base.schemas.get(schema.name)?.oid !== now.schemas.get(schema.name)?.oid)
        throw serializationFailure(schema.name);
      const made = now.relationsOf(schema.name).find(({ oid }) => base.byOid(oid) === undefined);
      if ("removeSchema" in change && made !== undefined) throw serializationFailure(made.name);
      const called = now.functionsOf(schema.name).find(({ oid }) => !base.contents.functions.has(oid));
      if ("removeSchema" in change && called !== undefined) throw serializationFailure(called.name);
    }
  }
}

/** A function that was made, replaced or dropped meanwhile, or whose schema was. */
function checkFunction(base: Snapshot, now: Snapshot, { schema, name }: StoredFunction): void {
  const [before, after] = [base.functions(schema, name), now.functions(schema, name)];
  const same = before.length === after.length && before.every((one, index) => one === after[index]);
  if (!same || base.schemas.get(schema)?.oid !== now.schemas.get(schema)?.oid) throw serializationFailure(name);
}

/** A user that was made, renamed or dropped meanwhile, or made by both. */
function checkRole(base: Snapshot, now: Snapshot, kind: string, name: string): void {
  const key = roleKey(kind, name);
  if (base.roles.get(key)?.oid !== now.roles.get(key)?.oid) throw serializationFailure(name);
}

function checkPut(base: Snapshot, now: Snapshot, { oid, schema, name, lateBinding, reads }: StoredRelation): void {
  const same =
    base.byOid(oid) === now.byOid(oid) &&
    base.relation(schema, name) === now.relation(schema, name) &&
    base.schemas.get(schema)?.oid === now.schemas.get(schema)?.oid;
  if (!same) throw serializationFailure(name);
  if (lateBinding) return;
  // What a view reads may have been renamed or dropped, or have got other columns.
  for (const read of reads) if (base.byOid(read) !== now.byOid(read)) throw serializationFailure(name);
}

function checkRemove(base: Snapshot, now: Snapshot, { oid, name }: StoredRelation): void {
  if (base.byOid(oid) !== now.byOid(oid)) throw serializationFailure(name);
  for (const other of now.relations()) {
    if (!other.lateBinding && other.reads.includes(oid) && base.byOid(other.oid) !== other)
      throw serializationFailure(name);
  }
}
