import { bindQuery } from "../../binder/queries/bind-query.js";
import { checkLateBinding, freezeView } from "../../binder/queries/freeze-view.js";
import { relationNamesOfQuery } from "../../binder/queries/relation-names.js";
import { isTemporarySchema, type StoredColumn, type StoredRelation } from "../../catalog/stored.js";
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { CreateView, Query } from "../../syntax/ast.js";
import { typeText } from "../../types.js";
import { checkOwner } from "../access.js";
import { done, type StatementHandler } from "../statement-run.js";
import { alreadyThere, checkShape, type DdlRun, newOid, placeFor, putRelation } from "./catalog-work.js";
import { resultColumns } from "./create-table-as.js";

export const createViewHandler: StatementHandler<CreateView> = {
  access: "write",
  async run(statement, run) {
    const place = placeFor(run, statement.name, false);
    const { existing } = place;
    if (existing !== undefined) {
      if (!statement.orReplace) throw alreadyThere(place.name, statement.name.at);
      if (existing.kind !== "view") {
        throw new SqlError(SQL_STATE.wrongObjectType, `"${place.name}" is not a view`, { at: statement.name.at });
      }
      checkOwner(run.core, existing, statement.name.at);
      checkShape(run, existing, statement.name.at);
    }
    const nowMs = run.core.shared.clock.now();
    const view = statement.lateBinding ? lateView(statement) : boundView(statement, run);
    if (existing !== undefined && !existing.lateBinding && !statement.lateBinding)
      checkReplacement(existing.columns, view.columns, statement.name.at);
    await putRelation(run, {
      oid: existing?.oid ?? (await newOid(run)),
      schema: place.schema,
      name: place.name,
      kind: "view",
      owner: existing?.owner ?? run.core.user,
      distStyle: "auto",
      sortStyle: "none",
      encodeAuto: true,
      backup: true,
      autoRefresh: false,
      lateBinding: statement.lateBinding,
      ...(existing?.comment === undefined ? {} : { comment: existing.comment }),
      createdAtMs: existing?.createdAtMs ?? nowMs,
      changedAtMs: nowMs,
      constraints: [],
      ...view,
    });
    return done("CREATE VIEW");
  },
};

type ViewParts = Pick<StoredRelation, "columns" | "definition" | "reads">;

/** Bound when it is read: its tables need not be there yet. */
function lateView(statement: CreateView): ViewParts {
  checkLateBinding(statement.query);
  const names = statement.columns ?? [];
  return {
    definition: statement.queryText,
    columns: names.map((name, index) => ({
      position: index + 1,
      name,
      type: { kind: "unknown" },
      notNull: false,
      distKey: false,
    })),
    reads: [],
  };
}

function boundView(statement: CreateView, run: DdlRun): ViewParts {
  const bound = bindQuery(statement.query, run.context());
  return {
    columns: resultColumns(bound, statement.columns, statement.at),
    definition: frozen(statement, run),
    reads: directReads(statement.query, run, statement.at),
  };
}

export function frozen(statement: { readonly query: Query; readonly queryText: string }, run: DdlRun): string {
  return freezeView(statement.query, statement.queryText, run.context());
}

/** Oids of what a query names itself; what is behind a view is that view's affair. Throws where something is temporary. */
export function directReads(query: Query, { core }: DdlRun, at: number): readonly number[] {
  const found = new Set<number>();
  for (const name of relationNamesOfQuery(query)) {
    const relation = core.catalog.find(name);
    if (relation === undefined) continue;
    if (isTemporarySchema(relation.schema)) {
      throw new SqlError(SQL_STATE.featureNotSupported, `a view cannot read the temporary table "${relation.name}"`, {
        at,
        hint: "The table ends with the session. Make it a permanent one.",
      });
    }
    found.add(relation.oid);
  }
  return [...found];
}

/** The same columns in the same order; more may come behind them. */
function checkReplacement(before: readonly StoredColumn[], after: readonly StoredColumn[], at: number): void {
  const refuse = (message: string): never => {
    throw new SqlError(SQL_STATE.invalidTableDefinition, message, {
      at,
      hint: "DROP VIEW and create it anew, or make it WITH NO SCHEMA BINDING.",
    });
  };
  if (after.length < before.length) refuse("cannot drop columns from view");
  before.forEach((column, index) => {
    const now = after[index]!;
    if (now.name !== column.name) refuse(`cannot change name of view column "${column.name}" to "${now.name}"`);
    if (typeText(now.type) !== typeText(column.type)) {
      refuse(
        `cannot change data type of view column "${column.name}" from ${typeText(column.type)} to ${typeText(now.type)}`,
      );
    }
  });
}
