/** INSERT, UPDATE, DELETE, MERGE. */
import type { BindContext, BoundChange } from "../../binder/bound.js";
import { bindDelete, bindInsert, bindMerge, bindUpdate } from "../../binder/queries/bind-change.js";
import type { Delete, Insert, Merge, Update } from "../../syntax/ast.js";
import type { Parameters } from "../bind-parameters.js";
import { bindParameters } from "../bind-parameters.js";
import type { EngineConnection } from "../connection.js";
import { sqlErrorOf } from "../engine-errors.js";
import type { StatementLimit } from "../statement-limit.js";
import { done, type StatementHandler } from "../statement-run.js";

function changeHandler<S extends Insert | Update | Delete | Merge>(
  bind: (statement: S, context: BindContext) => BoundChange,
  tag: (changed: number) => string,
): StatementHandler<S, BoundChange> {
  return {
    access: "write",
    bind,
    async run(statement, { bound, connection, parameters, limit, reads, core }) {
      reads([bound.target, ...bound.reads.filter((one) => one !== bound.target)]);
      if (statement.kind !== "insert") core.transaction.noteChange(bound.target.oid);
      const changed = await runChange(bound, connection, parameters, limit);
      return done(tag(changed), changed);
    },
  };
}

/** Answers how many rows were changed. */
export async function runChange(
  bound: BoundChange,
  connection: EngineConnection,
  parameters: Parameters,
  limit: StatementLimit,
): Promise<number> {
  try {
    for (const check of bound.checks) {
      const result = await connection.stream(check.sql, parameters, limit);
      for (let chunk = await connection.fetch(result, limit); chunk !== undefined; ) {
        const refused = chunk.getColumnValues(0).find((value) => value === true);
        if (refused !== undefined) throw check.error(refused);
        chunk = await connection.fetch(result, limit);
      }
    }
    return await connection.call(async (own) => {
      if (parameters.values.length === 0) return (await own.run(bound.sql)).rowsChanged;
      const prepared = await own.prepare(bound.sql);
      bindParameters(prepared, parameters);
      return (await prepared.run()).rowsChanged;
    }, limit);
  } catch (error) {
    throw limit.stopped ?? sqlErrorOf(error, bound.target.name);
  }
}

export const insertHandler = changeHandler<Insert>(bindInsert, (changed) => `INSERT 0 ${changed}`);
export const updateHandler = changeHandler<Update>(bindUpdate, (changed) => `UPDATE ${changed}`);
export const deleteHandler = changeHandler<Delete>(bindDelete, (changed) => `DELETE ${changed}`);
export const mergeHandler = changeHandler<Merge>(bindMerge, () => "MERGE");
