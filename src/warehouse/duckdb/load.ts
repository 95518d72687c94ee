import { PenstockError } from "../../core/errors.js";
import { METADATA_COLUMNS } from "../../definition/model.js";
import type { ObjectStore } from "../../lake/object-store.js";
import type { FlushSpan, LedgerEntry, LoadReport, LoadRequest } from "../warehouse.js";
import { describeTable } from "./apply-table.js";
import { keepEdits, loadDeadLetters, markRedriven, settleRedriven } from "./dead-letters.js";
import { type LocalObject, localObject, type SourceGroup, selectFrom } from "./lake-source.js";
import { lockLedger, readLedger, writeLedger } from "./ledger.js";
import { checkRowCount, checkTarget, preflight } from "./preflight.js";
import { type Engine, type Session, transaction } from "./session.js";
import { identifier, identifiers, text } from "./sql-text.js";
import {
  countStaged,
  dedupeStaged,
  dropExisting,
  forgetDeduped,
  insertStaged,
  reviveLetters,
  stageRows,
} from "./staged-rows.js";

/** What became of one object's rows. */
interface Outcome {
  readonly rows: number;
  readonly dedupedRows: number;
  readonly replacedRows: number;
}

/**
 * One load, one transaction: ledger, preflight, rows, deduplication, counts, ledger. Whatever stops it before its COMMIT leaves the
 * warehouse as it was; the objects are in the lake still, and the same call may be made again.
 */
export async function loadObjects(
  session: Session,
  engine: Engine,
  lake: ObjectStore,
  request: LoadRequest,
): Promise<LoadReport> {
  const { table, target } = request;
  const startedAtMs = engine.clock.monotonic();
  const dead = request.objects.some((object) => object.kind === "dead");
  if (request.objects.some((object) => object.kind === "filtered" || (object.kind === "dead") !== dead)) {
    throw new PenstockError(
      "invalid-argument",
      `A load into "${target}" mixes kinds of objects, or has one of filtered identities.`,
    );
  }
  return await transaction(
    session,
    async () => {
      await lockLedger(session, target);
      const ledger = await readLedger(
        session,
        target,
        request.objects.map((object) => object.key),
        spanOf(request.objects),
      );
      const isLoaded = (key: string) => ledger.get(key)?.status === "loaded";
      const chosen = request.objects.filter((object) => request.skipExisting === true || !isLoaded(object.key));
      const objects = chosen.map((object) => localObject(lake, object, table));
      await markRedriven(session, request.redriven ?? [], engine.clock.now());
      await keepEdits(session, request.edited ?? new Map());

      let outcomes = new Map<string, Outcome>();
      let oldestArrivalMs: number | undefined;
      if (objects.length > 0 && dead) {
        await loadDeadLetters(session, table, objects);
        outcomes = new Map(
          objects.map((object) => [object.key, { rows: object.rows, dedupedRows: 0, replacedRows: 0 }]),
        );
      } else if (objects.length > 0) {
        ({ outcomes, oldestArrivalMs } = await loadRows(session, request, objects));
      }
      await settleRedriven(session, target, request.redriven ?? []);

      const loadedAtMs = engine.clock.now();
      const tookMs = engine.clock.monotonic() - startedAtMs;
      const loaded = objects.map((object): LedgerEntry => {
        const outcome = outcomes.get(object.key) ?? { rows: 0, dedupedRows: 0, replacedRows: 0 };
        return {
          target,
          key: object.key,
          kind: dead ? "dead" : "rows",
          status: "loaded",
          flush: object.flush,
          schemaVersion: object.schemaVersion,
          rows: outcome.rows,
          loadedRows: outcome.rows - outcome.dedupedRows,
          dedupedRows: outcome.dedupedRows,
          replacedRows: outcome.replacedRows,
          sizeBytes: object.sizeBytes,
          loadedAtMs,
          tookMs,
        };
      });
      // A part of an object is no object: were it entered, the rest would never be loaded.
      if (request.range === undefined) {
        await writeLedger(session, loaded, ledger);
      }
      if (request.skipExisting === true) {
        const rows = loaded.reduce((sum, entry) => sum + entry.loadedRows, 0);
        if (rows > 0) await session.run(`INSERT INTO penstock.replays VALUES (${text(target)}, now(), ${rows})`);
      }
      return {
        loaded,
        already: request.objects.filter((object) => !chosen.includes(object)).map((object) => object.key),
        ...(oldestArrivalMs === undefined ? {} : { oldestArrivalMs }),
      };
    },
    { commit: request.dryRun !== true },
  );
}

/** One pass, as there may be more objects than a call has arguments. */
function spanOf(objects: readonly { readonly flush: number }[]): FlushSpan {
  let from = Number.MAX_SAFE_INTEGER;
  let to = 0;
  for (const { flush } of objects) {
    from = Math.min(from, flush);
    to = Math.max(to, flush);
  }
  return { from, to };
}

async function loadRows(session: Session, request: LoadRequest, objects: readonly LocalObject[]) {
  const { table, target } = request;
  checkTarget(table, target, await describeTable(session, target));
  const { groups, oldestArrivalMs } = await preflight(session, table, target, objects);
  // Rows may have come by another way before their object does; from then on, who a row is must be looked at.
  const byIdentity = request.skipExisting === true || (await hasReplays(session, target));
  const plain = !byIdentity && table.dedupe === undefined && groups.every((group) => group.format === "parquet");
  const outcomes = plain
    ? await loadPlain(session, request, groups, objects)
    : await loadStaged(session, request, groups, objects, byIdentity);
  return { outcomes, oldestArrivalMs };
}

async function hasReplays(session: Session, target: string): Promise<boolean> {
  const result = await session.run(`SELECT 1 FROM penstock.replays WHERE target = ${text(target)} LIMIT 1`);
  return result.rowCount > 0;
}

/** From Parquet into the table at the engine's own speed. The footers have told how many rows there are to be. */
async function loadPlain(
  session: Session,
  request: LoadRequest,
  groups: readonly SourceGroup[],
  objects: readonly LocalObject[],
) {
  const { table, target } = request;
  const columns = columnNames(request);
  let inserted = 0;
  for (const group of groups) {
    const result = await session.run(
      `INSERT INTO main.${identifier(target)} (${identifiers(columns)}) ${selectFrom(table, group, false)}`,
    );
    inserted += result.rowsChanged;
  }
  verify(
    target,
    inserted,
    objects.reduce((sum, object) => sum + object.rows, 0),
  );
  return new Map(objects.map((object) => [object.key, { rows: object.rows, dedupedRows: 0, replacedRows: 0 }]));
}

async function loadStaged(
  session: Session,
  request: LoadRequest,
  groups: readonly SourceGroup[],
  objects: readonly LocalObject[],
  byIdentity: boolean,
): Promise<Map<string, Outcome>> {
  const { table, target } = request;
  await stageRows(session, table, groups, request.range);
  const staged = await countStaged(session);
  if (request.range === undefined) for (const object of objects) checkRowCount(object, staged.get(object.path) ?? 0);
  if (byIdentity) await dropExisting(session, target);
  const fresh = byIdentity ? await countStaged(session) : staged;
  const verdict =
    table.dedupe === undefined
      ? undefined
      : await dedupeStaged(session, {
          target,
          dedupe: table.dedupe,
          keys: new Map(objects.map((object) => [object.path, object.key])),
          again: byIdentity,
        });
  if (byIdentity && verdict !== undefined) await forgetDeduped(session, target);
  if (byIdentity && target === table.name) {
    await reviveLetters(session, target, request.redriven === undefined ? "replayed" : "loaded");
  }
  const inserted = await insertStaged(session, target, columnNames(request));
  const outcomes = new Map<string, Outcome>();
  let expected = 0;
  objects.forEach((object, index) => {
    const rows = staged.get(object.path) ?? 0;
    const dedupedRows = rows - (fresh.get(object.path) ?? 0) + (verdict?.keptOut.get(object.path) ?? 0);
    // Rows of the table that lost to another row of the table (they were there before `dedupe` was) belong to no object of this load.
    const ownerless = index === 0 ? (verdict?.replaced.get("") ?? 0) : 0;
    outcomes.set(object.key, {
      rows,
      dedupedRows,
      replacedRows: (verdict?.replaced.get(object.path) ?? 0) + ownerless,
    });
    expected += rows - dedupedRows;
  });
  verify(target, inserted, expected);
  return outcomes;
}

function columnNames(request: LoadRequest): readonly string[] {
  return [...METADATA_COLUMNS, ...request.table.columns.map((column) => column.name)];
}

/** The last look before the ledger is written. It has never been seen to fail; were it to, the transaction must not commit. */
function verify(target: string, inserted: number, expected: number): void {
  if (inserted === expected) return;
  throw new PenstockError(
    "load-failed",
    `${inserted} rows came into "${target}", and ${expected} should have; the load was rolled back.`,
  );
}
