/** PREPARE, EXECUTE, DEALLOCATE in SQL. */
import type { BindContext, Scope } from "../../binder/bound.js";
import { bindExpression, coerce } from "../../binder/expressions/bind-expression.js";
import { typeOfName } from "../../binder/expressions/type-of-name.js";
import type { SqlColumn, SqlValue } from "../../database.js";
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { Deallocate, ExecuteStatement, PrepareStatement } from "../../syntax/ast.js";
import { parseStatements } from "../../syntax/parse.js";
import { type SqlType, VARCHAR_BYTES_MAX } from "../../types.js";
import { chunkRows } from "../column-values.js";
import type { NamedStatement, SessionCore } from "../statement-run.js";
import { accessOf, done, type StatementHandler, type StatementRun } from "../statement-run.js";
import { GREENWICH } from "../time-zone.js";

export const prepareHandler: StatementHandler<PrepareStatement> = {
  access: "none",
  async run({ name, types, statementText, at }, { core }) {
    if (core.named.has(name)) {
      throw new SqlError(SQL_STATE.duplicatePreparedStatement, `prepared statement "${name}" already exists`, { at });
    }
    const [parsed] = parseStatements(statementText);
    if (
      parsed === undefined ||
      !["query-statement", "insert", "update", "delete", "merge"].includes(parsed.statement.kind)
    ) {
      throw new SqlError(SQL_STATE.syntaxError, "PREPARE takes a SELECT, INSERT, UPDATE, DELETE or MERGE", { at });
    }
    core.named.set(name, { parsed, types: types.map(typeOfName) });
    return done("PREPARE");
  },
};

interface BoundExecute {
  readonly named: NamedStatement;
  readonly handler: StatementHandler;
  readonly inner: unknown;
  readonly columns: readonly SqlColumn[] | undefined;
  readonly types: readonly SqlType[];
  /** As DuckDB's text. */
  readonly args: readonly string[];
}

export const executeHandler: StatementHandler<ExecuteStatement, BoundExecute> = {
  access: (statement, core) => {
    const { parsed } = namedOf(core, statement);
    return accessOf(handlerOf(core, parsed.statement.kind), parsed.statement, core);
  },
  volatile: true,
  bind(statement, context, core) {
    const named = namedOf(core, statement);
    const { parsed } = named;
    const types: (SqlType | undefined)[] = Array.from(
      { length: Math.max(parsed.parameters, named.types.length) },
      (_, index) => named.types[index],
    );
    const handler = handlerOf(core, parsed.statement.kind);
    const inner = handler.bind?.(parsed.statement, { ...context, parameters: types }, core);
    const settled = types.map((type): SqlType => type ?? { kind: "varchar", length: VARCHAR_BYTES_MAX });
    if (statement.args.length !== settled.length) {
      throw new SqlError(
        SQL_STATE.syntaxError,
        `wrong number of parameters for prepared statement "${statement.name}"`,
        {
          at: statement.at,
          detail: `Expected ${settled.length} parameters but got ${statement.args.length}.`,
        },
      );
    }
    const scope = constantScope(context);
    const args = statement.args.map((arg, index) => {
      const type = settled[index]!;
      return coerce(bindExpression(arg, scope, type), type, "assignment", context).sql;
    });
    return { named, handler, inner, types: settled, args, columns: handler.columns?.(parsed.statement, inner, core) };
  },
  columns: (_, bound) => bound.columns,
  async run(_, run) {
    const { named, handler, inner, types, args } = run.bound;
    const values = args.length === 0 ? [] : await valuesOf(args, types, run);
    return handler.run(named.parsed.statement, { ...run, bound: inner, parameters: { values, types } });
  },
};

async function valuesOf(
  args: readonly string[],
  types: readonly SqlType[],
  run: StatementRun<unknown>,
): Promise<readonly SqlValue[]> {
  const items = args.map((sql, index) => `${sql} AS c${index + 1}`);
  const result = await run.connection.stream(`SELECT ${items.join(", ")}`, run.parameters, run.limit);
  const chunk = await run.connection.fetch(result, run.limit);
  const columns = types.map((type, index) => ({ name: `c${index + 1}`, type }));
  return chunk === undefined ? [] : (chunkRows(chunk, columns, GREENWICH)[0] ?? []);
}

function constantScope(context: BindContext): Scope {
  const refuse = (at: number): never => {
    throw new SqlError(SQL_STATE.invalidColumnReference, "a parameter of EXECUTE cannot name columns or hold a query", {
      at,
    });
  };
  return {
    context,
    clause: "EXECUTE",
    aggregatesAllowed: false,
    windowsAllowed: false,
    column: (_, at) => refuse(at),
    query: (query) => refuse(query.at),
  };
}

function namedOf(core: SessionCore, { name, at }: { readonly name: string; readonly at: number }): NamedStatement {
  const named = core.named.get(name);
  if (named !== undefined) return named;
  throw new SqlError(SQL_STATE.invalidSqlStatementName, `prepared statement "${name}" does not exist`, { at });
}

function handlerOf(core: SessionCore, kind: keyof SessionCore["shared"]["handlers"]): StatementHandler {
  const handler = core.shared.handlers[kind] as StatementHandler | undefined;
  if (handler === undefined) throw new SqlError(SQL_STATE.featureNotSupported, "the statement is not supported");
  return handler;
}

export const deallocateHandler: StatementHandler<Deallocate> = {
  access: "none",
  async run({ name, at }, { core }) {
    if (name === undefined) {
      core.named.clear();
      return done("DEALLOCATE ALL");
    }
    namedOf(core, { name, at });
    core.named.delete(name);
    return done("DEALLOCATE");
  },
};
