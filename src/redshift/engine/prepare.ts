/** Settles what a statement's names and types mean, and knows for how long that holds. */
import type { BindContext } from "../binder/bound.js";
import { relationNames } from "../binder/queries/relation-names.js";
import { userFunction } from "../catalog/user-function.js";
import type { SqlColumn } from "../database.js";
import type { ParsedStatement } from "../syntax/parse.js";
import { type SqlType, VARCHAR_BYTES_MAX } from "../types.js";
import { guardedContext } from "./access.js";
import type { SessionCore, StatementHandler } from "./statement-run.js";

export interface Binding {
  readonly bound: unknown;
  /** Of the parameters, settled as far as the statement tells. */
  readonly types: readonly SqlType[];
  readonly columns: readonly SqlColumn[] | undefined;
  /** False once the catalog, the session's temporary tables or its settings have changed. */
  isFresh(): boolean;
  context(parameterTypes: (SqlType | undefined)[], as?: { readonly owner: string }): BindContext;
}

export interface BindOptions {
  readonly core: SessionCore;
  readonly parsed: ParsedStatement;
  readonly handler: StatementHandler;
  readonly given: readonly (SqlType | undefined)[];
}

export async function bindStatement({ core, parsed, handler, given }: BindOptions): Promise<Binding> {
  const { settings, transaction } = core;
  const snapshot = transaction.snapshot;
  const temporary = transaction.temporary;
  const version = settings.version;
  const { findRelation } = core.catalog;
  const find =
    core.shared.external === undefined ? findRelation : await core.catalog.lookUp(relationNames(parsed.statement));
  // Which objects an external table has may be another matter when the statement runs.
  const hasExternal = find !== findRelation;
  const context = (parameters: (SqlType | undefined)[], as?: { readonly owner: string }): BindContext => {
    const open: BindContext = {
      relation: find,
      functions: (name) => core.catalog.findFunctions(name).map(userFunction),
      parameters,
      setting: (name) => settings.get(name),
      user: core.user,
      database: core.shared.name,
      processId: core.processId,
      notice: (message) => core.notice({ severity: "WARNING", message }),
    };
    return guardedContext(open, core, as);
  };
  const types = Array.from({ length: Math.max(parsed.parameters, given.length) }, (_, index) => given[index]);
  const bound = handler.bind?.(parsed.statement, context(types), core);
  return {
    bound,
    types: types.map(settledType),
    columns: handler.columns?.(parsed.statement, bound as never, core),
    isFresh: () =>
      !hasExternal &&
      handler.volatile !== true &&
      transaction.snapshot === snapshot &&
      transaction.temporary === temporary &&
      settings.version === version,
    context,
  };
}

export function parameterTypesOf(binding: Binding, parsed: ParsedStatement): readonly SqlType[] {
  return binding.types.slice(0, parsed.parameters);
}

/** What nothing in the statement settles is a text. */
function settledType(type: SqlType | undefined): SqlType {
  return type === undefined || type.kind === "unknown" ? { kind: "varchar", length: VARCHAR_BYTES_MAX } : type;
}
