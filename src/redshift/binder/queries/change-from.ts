import type { CommonTable, Expression, QualifiedName, TableRef } from "../../syntax/ast.js";
import type { Scope } from "../bound.js";
import type { Binding } from "./binding.js";
import type { ChangeTarget } from "./change-target.js";
import { bindCondition } from "./condition.js";
import { bindFrom } from "./from.js";
import { refuseRepeatedNames, relationSource } from "./from-item.js";
import { newLevel } from "./level.js";
import type { Level } from "./names.js";
import { nestedScope } from "./nested.js";
import { outermost } from "./query.js";
import { bindWith } from "./with.js";

interface ChangeStatement {
  readonly with: readonly CommonTable[];
  readonly recursive: boolean;
  readonly table: QualifiedName;
  readonly alias?: string;
  readonly where?: Expression;
}

export interface ChangeFrom {
  readonly with: string;
  /** The target's in DuckDB's text. */
  readonly alias: string;
  readonly from: string;
  /** With its keyword; empty where there is none. */
  readonly where: string;
  readonly level: Level;
  scope(clause: string): Scope;
}

/** The names of an UPDATE or a DELETE: the target's, and those of FROM or USING beside it. */
export function bindChangeFrom(
  statement: ChangeStatement,
  target: ChangeTarget,
  refs: readonly TableRef[],
  binding: Binding,
): ChangeFrom {
  const { sql, how } = bindWith(statement.with, statement.recursive, outermost(binding));
  const alias = binding.alias("r");
  const own = relationSource(target.relation, "", alias, {
    alias: statement.alias === undefined ? undefined : { name: statement.alias },
    name: target.relation.name,
    schema: target.relation.schema,
    at: statement.table.at,
  });
  const from = bindFrom(refs, how);
  const [first] = refs;
  if (first !== undefined) refuseRepeatedNames([own, from], first);
  const level = newLevel({
    sources: [...own.sources, ...from.sources],
    columns: [...own.columns, ...from.columns],
    outer: undefined,
    commonTables: how.surroundings.commonTables,
  });
  const scope = (clause: string): Scope => nestedScope(level, how, { clause });
  const where = statement.where === undefined ? "" : ` WHERE ${bindCondition(statement.where, scope("WHERE"))}`;
  return { with: sql, alias, from: from.sql, where, level, scope };
}
