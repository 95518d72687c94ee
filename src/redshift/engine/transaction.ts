/**
 * A session's transaction. DuckDB's begins with the first statement that needs it; the catalog's state is the one of that moment, and what DDL
 * makes of it is published when DuckDB has committed.
 *
 *     idle --begin--> open --error--> failed --rollback--> idle        explicit: BEGIN ... COMMIT
 *     idle --statement--> open --its end--> idle                       one statement by itself
 *     idle --beginImplicit, statement--> open --endImplicit--> idle    several in one message
 */
import { applyChange, type CatalogChange, type Snapshot } from "../catalog/snapshot.js";
import type { StoredRelation } from "../catalog/stored.js";
import type { CommittedCatalog } from "./committed-catalog.js";
import type { EngineConnection } from "./connection.js";
import type { RowChanges } from "./row-changes.js";
import type { Settings } from "./settings.js";
import type { StatementLimit } from "./statement-limit.js";

export interface SessionTransaction {
  readonly mode: "none" | "implicit" | "explicit";
  readonly failed: boolean;
  readonly id: number;
  readonly readOnly: boolean;
  readonly snapshot: Snapshot;
  /** Temporary tables by name. */
  readonly temporary: ReadonlyMap<string, StoredRelation>;
  /** How often DuckDB's own was undone, and with it all that the connection had made in it. */
  readonly rollbacks: number;
  /** Rows of the relation of that oid were updated or deleted in it. */
  noteChange(oid: number): void;
  hasChanged(oid: number): boolean;
  /** Rows of these relations may be changed in it; the others hear of it when it commits. */
  noteWrites(oids: Iterable<number>): void;
  /** The view was computed in it, from rows as they are in it. */
  noteComputed(view: number): void;
  /** Makes it an explicit one. */
  begin(readOnly: boolean): void;
  beginImplicit(): void;
  /** DuckDB's own transaction, if it is not there yet. */
  open(limit: StatementLimit): Promise<void>;
  /** The catalog as this transaction has made it: at once here, for the others when it commits. */
  change(change: CatalogChange): void;
  changeTemporary(tables: ReadonlyMap<string, StoredRelation>): void;
  commit(limit?: StatementLimit): Promise<void>;
  rollback(): Promise<void>;
  /** After an error: rolled back at once, refusing all else until it is ended. */
  fail(): Promise<void>;
}

/**
 * DuckDB's transaction begins with the first statement that names a table; with this one, so that what others commit between BEGIN and the first
 * query is not seen in part.
 */
const BEGIN = "BEGIN TRANSACTION; SELECT oid FROM penstock_catalog.schemas LIMIT 0";

export function sessionTransaction(
  catalog: CommittedCatalog,
  rowChanges: RowChanges,
  connection: EngineConnection,
  settings: Settings,
): SessionTransaction {
  let mode: SessionTransaction["mode"] = "none";
  let failed = false;
  let opened = false;
  let id = nextTransactionId();
  let readOnly = false;
  let rollbacks = 0;
  let base: Snapshot | undefined;
  let snapshot: Snapshot | undefined;
  let changes: CatalogChange[] = [];
  const changedRows = new Set<number>();
  const written = new Set<number>();
  const computed = new Set<number>();
  /** Of `rowChanges`, when DuckDB's began. */
  let since = 0;
  let temporary: ReadonlyMap<string, StoredRelation> = new Map();
  let temporaryBefore = temporary;

  function start(next: "implicit" | "explicit"): void {
    if (mode === "none") {
      settings.begin();
      id = nextTransactionId();
    }
    mode = next;
  }

  function reset(outcome: "commit" | "rollback"): void {
    if (outcome === "rollback") temporary = temporaryBefore;
    temporaryBefore = temporary;
    settings.end(outcome);
    mode = "none";
    failed = false;
    opened = false;
    readOnly = false;
    base = undefined;
    snapshot = undefined;
    changes = [];
    changedRows.clear();
    written.clear();
    computed.clear();
  }

  function publishRows(): void {
    for (const view of computed) rowChanges.computed(view, since);
    if (written.size > 0) rowChanges.changed(written);
  }

  async function undo(): Promise<void> {
    if (!opened) return;
    opened = false;
    rollbacks++;
    // After some errors DuckDB has let it go already.
    await connection.run("ROLLBACK").catch(() => undefined);
  }

  return {
    get mode() {
      return mode;
    },
    get failed() {
      return failed;
    },
    get id() {
      return id;
    },
    get readOnly() {
      return readOnly;
    },
    get snapshot() {
      return snapshot ?? catalog.snapshot;
    },
    get temporary() {
      return temporary;
    },
    get rollbacks() {
      return rollbacks;
    },
    noteChange: (oid) => void changedRows.add(oid),
    hasChanged: (oid) => changedRows.has(oid),
    noteWrites: (oids) => {
      for (const oid of oids) written.add(oid);
    },
    noteComputed: (view) => {
      computed.add(view);
      written.add(view);
    },
    begin(asReadOnly) {
      start("explicit");
      readOnly = asReadOnly;
    },
    beginImplicit() {
      if (mode === "none") start("implicit");
    },
    async open(limit) {
      if (opened) return;
      if (mode === "none") id = nextTransactionId();
      for (;;) {
        await catalog.settled();
        base = catalog.snapshot;
        since = rowChanges.now;
        opened = true;
        try {
          await connection.run(BEGIN, limit);
        } catch (error) {
          await undo();
          throw error;
        }
        if (!catalog.moving && catalog.snapshot === base) break;
        await undo();
      }
      snapshot = base;
    },
    change(change) {
      snapshot = applyChange(snapshot ?? catalog.snapshot, change);
      changes.push(change);
    },
    changeTemporary(tables) {
      temporary = tables;
    },
    async commit(limit) {
      if (!opened) {
        reset("commit");
        return;
      }
      try {
        limit?.shield();
        if (changes.length === 0) await connection.run("COMMIT");
        else {
          await catalog.commit(base ?? catalog.snapshot, changes, async () => {
            await connection.run("COMMIT");
          });
        }
      } catch (error) {
        await undo();
        reset("rollback");
        throw error;
      }
      publishRows();
      reset("commit");
    },
    async rollback() {
      await undo();
      reset("rollback");
    },
    async fail() {
      const was = mode;
      await undo();
      if (was === "none") {
        reset("rollback");
        return;
      }
      failed = true;
      temporary = temporaryBefore;
      base = undefined;
      snapshot = undefined;
      changes = [];
    },
  };
}

let transactions = 1_000;

function nextTransactionId(): number {
  transactions += 1;
  return transactions;
}
