import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { TableAlias, TableQuery } from "../../syntax/ast.js";
import type { RelationInfo } from "../bound.js";
import type { NestedQuery } from "./binding.js";
import { type FromItem, type FromScope, relationSource, sourceItem } from "./from-item.js";
import { isLeaderOnly, noteLeaderOnly } from "./unsupported.js";

/** How deep views may be nested; what is deeper is most likely a view that reads itself by a detour. */
const VIEW_DEPTH_MAX = 64;

/** A relation of the catalog in FROM; a view is bound in its place. */
export function bindRelation(
  relation: RelationInfo,
  ref: { readonly alias?: TableAlias; readonly at: number },
  scope: Pick<FromScope, "binding" | "bindNested">,
): FromItem {
  const { binding } = scope;
  binding.reads.add(relation);
  if (isLeaderOnly(relation)) noteLeaderOnly(binding, `${relation.schema}.${relation.name}`, ref.at);
  const alias = binding.alias("r");
  const named = { alias: ref.alias, name: relation.name, schema: relation.schema, at: ref.at };
  if (relation.view !== undefined) {
    const bound = bindView(relation, relation.view.query, scope, ref.at);
    return sourceItem(`(${bound.sql}) AS ${alias}`, alias, viewColumns(relation, bound), named);
  }
  if (relation.from === undefined) {
    throw new SqlError(SQL_STATE.wrongObjectType, `"${relation.name}" cannot be read`, { at: ref.at });
  }
  return relationSource(relation, `${relation.from} AS ${alias}`, alias, named);
}

function bindView(
  relation: RelationInfo,
  query: TableQuery["query"],
  scope: Pick<FromScope, "binding" | "bindNested">,
  at: number,
): NestedQuery {
  const { binding } = scope;
  if (binding.views.includes(relation) || binding.views.length >= VIEW_DEPTH_MAX) {
    throw new SqlError("42P17", `infinite recursion detected in rules for relation "${relation.name}"`, {
      at,
      detail: `Views on the way: ${[...binding.views, relation]
        .map((view) => `${view.schema}.${view.name}`)
        .slice(-8)
        .join(", ")}.`,
    });
  }
  const { watcher: _unseen, ...inside } = binding;
  return scope.bindNested(
    query,
    { ...inside, context: binding.context.asOwner?.(relation) ?? binding.context, views: [...binding.views, relation] },
    { commonTables: new Map(), outer: undefined },
  );
}

/** A view's columns are the relation's own, under the names that it was given. */
function viewColumns(relation: RelationInfo, bound: NestedQuery): NestedQuery["columns"] {
  const declared = relation.columns.length === bound.columns.length ? relation.columns : undefined;
  return bound.columns.map((column, index) => {
    const own = declared?.[index];
    return {
      name: own?.name ?? column.name,
      type: column.type,
      nullable: column.nullable,
      table: { schema: relation.schema, name: relation.name, oid: relation.oid, position: own?.position ?? index + 1 },
    };
  });
}
