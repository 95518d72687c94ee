/** A materialized view is a table of DuckDB's that REFRESH fills anew. */
import { bindQuery } from "../../binder/queries/bind-query.js";
import { duckDbName } from "../../catalog/relation-info.js";
import type { StoredRelation } from "../../catalog/stored.js";
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { AlterMaterializedView, CreateMaterializedView, RefreshMaterializedView } from "../../syntax/ast.js";
import { parseQuery } from "../../syntax/parse.js";
import { checkOwner, ownsRelation } from "../access.js";
import { done, type StatementHandler, type StatementRun } from "../statement-run.js";
import { alterTable } from "./alter-table.js";
import { alreadyThere, checkKind, placeFor, putRelation, requireRelation, runDdl } from "./catalog-work.js";
import { fillTable, resultColumns, tableOf } from "./create-table-as.js";
import { directReads, frozen } from "./views.js";

const NO_PARAMETERS = { values: [], types: [] };

export const createMaterializedViewHandler: StatementHandler<CreateMaterializedView> = {
  access: "write",
  async run(statement, run) {
    const place = placeFor(run, statement.name, false);
    if (place.existing !== undefined) throw alreadyThere(place.name, statement.name.at);
    const bound = bindQuery(statement.query, run.context());
    const columns = resultColumns(bound, undefined, statement.at);
    const base = await tableOf(run, { ...place, columns, attributes: statement.attributes, at: statement.at });
    const view: StoredRelation = {
      ...base,
      kind: "materialized-view",
      definition: frozen(statement, run),
      autoRefresh: statement.autoRefresh,
      reads: directReads(statement.query, run, statement.at),
      refreshedAtMs: run.core.shared.clock.now(),
    };
    run.reads(bound.reads);
    await fillTable(run, view, bound, NO_PARAMETERS);
    await putRelation(run, view);
    run.core.transaction.noteComputed(view.oid);
    return done("CREATE MATERIALIZED VIEW");
  },
};

export const refreshHandler: StatementHandler<RefreshMaterializedView> = {
  access: "write",
  async run(statement, run) {
    const view = requireRelation(run, statement.name);
    checkKind(view, ["materialized-view"], statement.name.at);
    checkOwner(run.core, view, statement.name.at);
    await refresh(view, statement.restrict === "cascade", run);
    return done("REFRESH");
  },
};

/** `cascade`: those that it reads first. */
async function refresh(view: StoredRelation, cascade: boolean, run: StatementRun): Promise<void> {
  const { core } = run;
  for (const oid of cascade ? view.reads : []) {
    const read = core.transaction.snapshot.byOid(oid);
    if (read?.kind === "materialized-view" && ownsRelation(core, read)) await refresh(read, cascade, run);
  }
  const bound = bindQuery(parseQuery(view.definition ?? ""), run.context([], view));
  if (bound.columns.length !== view.columns.length) {
    throw new SqlError(SQL_STATE.invalidTableDefinition, `materialized view "${view.name}" no longer fits its query`, {
      hint: "A table that it reads was changed: drop the view and create it anew.",
    });
  }
  run.reads(bound.reads);
  await runDdl(run, `DROP TABLE ${duckDbName(view)}`, view.name);
  await fillTable(run, view, bound, NO_PARAMETERS);
  await putRelation(run, { ...view, refreshedAtMs: core.shared.clock.now() });
  core.transaction.noteComputed(view.oid);
  core.notice({ severity: "INFO", message: `Materialized view ${view.name} was recomputed successfully.` });
}

export const alterMaterializedViewHandler: StatementHandler<AlterMaterializedView> = {
  access: "write",
  async run(statement, run) {
    const view = requireRelation(run, statement.name);
    checkKind(view, ["materialized-view"], statement.name.at);
    const { action } = statement;
    checkOwner(run.core, view, statement.name.at);
    if (action.type === "auto-refresh") {
      await putRelation(run, { ...view, autoRefresh: action.on, changedAtMs: run.core.shared.clock.now() });
    } else {
      await alterTable(run, view, action, statement.at);
    }
    return done("ALTER MATERIALIZED VIEW");
  },
};
