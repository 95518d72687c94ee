/** CREATE FUNCTION and DROP FUNCTION. A function lives in the catalog alone: the binder writes it out where it is called. */
import type { BoundExpression } from "../../binder/bound.js";
import { bindExpression } from "../../binder/expressions/bind-expression.js";
import { typeOfName } from "../../binder/expressions/type-of-name.js";
import { bindBody } from "../../binder/expressions/user-function.js";
import type { StoredFunction } from "../../catalog/stored.js";
import { functionBody, userFunction } from "../../catalog/user-function.js";
import { forgetFunction, storeFunction } from "../../catalog/write.js";
import { functionEntry } from "../../functions/registry.js";
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { CreateFunction, DropFunction } from "../../syntax/ast.js";
import { type SqlType, typeName } from "../../types.js";
import { duckDbType } from "../../types-duckdb.js";
import { rightsIn } from "../access.js";
import { done, type StatementHandler } from "../statement-run.js";
import { type DdlRun, newOid, placeFor, runDdl } from "./catalog-work.js";

/** Source: "CREATE FUNCTION": at most 32 arguments. */
const ARGUMENTS_MAX = 32;

export const createFunctionHandler: StatementHandler<CreateFunction> = {
  access: "write",
  async run(statement, run) {
    const { at } = statement.name;
    const { schema, name } = placeFor(run, statement.name, false);
    const types = statement.arguments.map(typeOfName);
    if (types.length > ARGUMENTS_MAX)
      throw new SqlError("54023", `functions cannot have more than ${ARGUMENTS_MAX} arguments`, { at });
    if (functionEntry(name) !== undefined) {
      throw new SqlError("42723", `function "${name}" is one of Redshift's own`, {
        at,
        hint: `Take another name: Redshift's documentation advises f_${name}.`,
      });
    }
    const { snapshot } = run.core.transaction;
    const existing = snapshot.functions(schema, name).find((one) => sameArguments(one.arguments, types));
    if (existing !== undefined && !statement.orReplace) {
      throw new SqlError("42723", `function "${name}" already exists with same argument types`, {
        at,
        hint: "CREATE OR REPLACE FUNCTION takes its place.",
      });
    }
    if (existing !== undefined) checkFunctionOwner(run, existing, at);
    const returns = typeOfName(statement.returns);
    if (existing !== undefined && typeName(existing.returns) !== typeName(returns)) {
      throw new SqlError("42P13", "cannot change return type of existing function", {
        at,
        hint: "Use DROP FUNCTION first.",
      });
    }
    const stored: StoredFunction = {
      oid: existing?.oid ?? (await newOid(run)),
      schema,
      name,
      owner: existing?.owner ?? run.core.user,
      arguments: types,
      returns,
      volatility: statement.volatility,
      body: statement.body.trim(),
    };
    check(stored, run, at);
    await putFunction(run, stored);
    return done("CREATE FUNCTION");
  },
};

/** Bound once, so that what is wrong is told now. */
function check(stored: StoredFunction, run: DdlRun, at: number): void {
  try {
    functionBody(stored.body);
    const given = stored.arguments.map(
      (type): BoundExpression => ({
        sql: `CAST(NULL AS ${duckDbType(type)})`,
        type,
        at,
        aggregate: false,
        window: false,
        nullable: true,
      }),
    );
    bindBody(userFunction(stored), given, { context: run.context() }, bindExpression);
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    throw new SqlError(error.state, error.message, { at, ...(error.hint === undefined ? {} : { hint: error.hint }) });
  }
}

export const dropFunctionHandler: StatementHandler<DropFunction> = {
  access: "write",
  async run(statement, run) {
    const types = statement.arguments.map(typeOfName);
    const found = run.core.catalog.findFunctions(statement.name).find((one) => sameArguments(one.arguments, types));
    if (found === undefined) {
      const text = `${statement.name.parts.join(".")}(${types.map(typeName).join(", ")})`;
      if (!statement.ifExists)
        throw new SqlError(SQL_STATE.undefinedFunction, `function ${text} does not exist`, { at: statement.name.at });
      run.core.notice({ severity: "INFO", message: `Function "${text}" does not exist and will be skipped` });
      return done("DROP FUNCTION");
    }
    checkFunctionOwner(run, found, statement.name.at);
    await removeFunction(run, found);
    return done("DROP FUNCTION");
  },
};

export async function putFunction(run: DdlRun, stored: StoredFunction): Promise<void> {
  await runDdl(run, storeFunction(stored), stored.name);
  run.core.transaction.change({ putFunction: stored });
}

export async function removeFunction(run: DdlRun, stored: StoredFunction): Promise<void> {
  await runDdl(run, forgetFunction(stored), stored.name);
  run.core.transaction.change({ removeFunction: stored });
}

function checkFunctionOwner(run: DdlRun, { owner, name }: StoredFunction, at: number): void {
  const rights = rightsIn(run.core);
  if (rights.superuser || owner === run.core.user) return;
  throw new SqlError(SQL_STATE.insufficientPrivilege, `must be owner of function ${name}`, { at });
}

function sameArguments(one: readonly SqlType[], other: readonly SqlType[]): boolean {
  return one.length === other.length && one.every((type, index) => type.kind === other[index]?.kind);
}
