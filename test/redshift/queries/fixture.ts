import { DuckDBInstance } from "@duckdb/node-api";
import type { BindContext, BoundChange, RelationColumn, RelationInfo } from "../../../src/redshift/binder/bound.js";
import { typeOfName } from "../../../src/redshift/binder/expressions/type-of-name.js";
import { bindDelete, bindInsert, bindMerge, bindUpdate } from "../../../src/redshift/binder/queries/bind-change.js";
import { bindQuery } from "../../../src/redshift/binder/queries/bind-query.js";
import { runtimeError } from "../../../src/redshift/functions/raise.js";
import { SqlError } from "../../../src/redshift/sql-error.js";
import { quotedName } from "../../../src/redshift/sql-text.js";
import type { QualifiedName, Statement } from "../../../src/redshift/syntax/ast.js";
import { parseExpression, parseQuery, parseStatements, parseTypeName } from "../../../src/redshift/syntax/parse.js";
import { type SqlType, typeText } from "../../../src/redshift/types.js";
import { duckDbType } from "../../../src/redshift/types-duckdb.js";

export interface Outcome {
  /** `name type` each. */
  readonly columns: readonly string[];
  /** Values joined by `|`. */
  readonly rows: readonly string[];
}

export interface Fixture {
  readonly relations: RelationInfo[];
  context(parameters?: (SqlType | undefined)[]): BindContext;
  /** Makes a table of `name type [not null] [default ...] [identity] [by default]` each. */
  table(name: string, columns: readonly string[], rows?: string): Promise<void>;
  view(
    name: string,
    sql: string,
    options?: { readonly columns?: readonly string[]; readonly lateBinding?: boolean },
  ): void;
  query(sql: string, parameters?: (SqlType | undefined)[]): Promise<Outcome>;
  /** Binds, checks and runs a change; answers the count. */
  change(sql: string): Promise<number>;
  /** DuckDB's text of a query. */
  text(sql: string): string;
  duck(sql: string): Promise<readonly (readonly unknown[])[]>;
  close(): void;
}

/** Real tables in a DuckDB of their own, and a catalog of them that is written by hand. */
export async function openFixture(): Promise<Fixture> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(
    "SET TimeZone = 'UTC'; CREATE SCHEMA penstock; CREATE SCHEMA sales; CREATE SCHEMA stored_pg_catalog; CREATE SCHEMA stored_information_schema",
  );
  const relations: RelationInfo[] = [];
  let oid = 100_000;

  const find = (name: QualifiedName): RelationInfo | undefined => {
    const own = name.parts.at(-1);
    const schema = name.parts.at(-2);
    return relations.find(
      (one) =>
        one.name === own &&
        (schema === undefined ? one.schema === "public" || one.schema === "pg_catalog" : one.schema === schema),
    );
  };
  const context = (parameters: (SqlType | undefined)[] = []): BindContext => ({
    relation: find,
    parameters,
    setting: (name) => ({ timezone: "UTC", search_path: "$user, public" })[name],
    user: "penstock",
    database: "penstock",
    processId: 1,
    notice() {},
  });
  const duck = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJson();
  const meant = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof SqlError || !(error instanceof Error)) throw error;
      throw runtimeError(error.message, error) ?? error;
    }
  };
  const bindChange = (statement: Statement): BoundChange => {
    switch (statement.kind) {
      case "insert":
        return bindInsert(statement, context());
      case "update":
        return bindUpdate(statement, context());
      case "delete":
        return bindDelete(statement, context());
      case "merge":
        return bindMerge(statement, context());
      default:
        throw new Error(`${statement.kind} changes no rows`);
    }
  };

  return {
    relations,
    context,
    async table(name, columns, rows) {
      const [schema = "public", own = name] = name.includes(".") ? name.split(".") : ["public", name];
      const isSystem = schema === "pg_catalog" || schema === "information_schema";
      const stored = schema === "public" ? "main" : isSystem ? `stored_${schema}` : schema;
      const defined = columns.map((text, index) => columnOf(text, index + 1, own));
      for (const { identity } of defined) {
        if (identity !== undefined)
          await connection.run(
            `CREATE SEQUENCE ${identity.sequence} START ${identity.seed} INCREMENT ${identity.step}`,
          );
      }
      const from = `${stored}.${quotedName(own)}`;
      const ddl = defined.map(
        (column) => `${quotedName(column.name)} ${duckDbType(column.type)}${column.nullable ? "" : " NOT NULL"}`,
      );
      await connection.run(`CREATE TABLE ${from} (${ddl.join(", ")})`);
      if (rows !== undefined) await connection.run(`INSERT INTO ${from} VALUES ${rows}`);
      oid += 1;
      relations.push({
        oid,
        schema,
        name: own,
        kind: isSystem ? "system-view" : "table",
        columns: defined,
        from,
        writable: schema !== "penstock" && !isSystem,
      });
    },
    view(name, sql, options = {}) {
      const query = parseQuery(sql);
      const columns = (options.columns ?? []).map((column, index) => ({
        name: column,
        type: { kind: "unknown" } as const,
        nullable: true,
        position: index + 1,
      }));
      oid += 1;
      relations.push({
        oid,
        schema: "public",
        name,
        kind: "view",
        columns,
        view: { query, lateBinding: options.lateBinding ?? false },
        writable: false,
      });
    },
    query: (sql, parameters) =>
      meant(async () => {
        const bound = bindQuery(queryOf(sql), context(parameters));
        const reader = await connection.runAndReadAll(bound.sql);
        const names = reader.columnNames();
        const expected = bound.columns.map((_, index) => `c${index + 1}`);
        if (names.join() !== expected.join()) throw new Error(`columns are named ${names.join()}: ${bound.sql}`);
        const stored = reader.columnTypes().map((type) => comparable(String(type)));
        bound.columns.forEach((column, index) => {
          const said = comparable(duckDbType(column.type));
          if (stored[index] !== said)
            throw new Error(`${column.name} is said to be ${said} and is ${stored[index]}: ${bound.sql}`);
        });
        return {
          columns: bound.columns.map((column) => `${column.name} ${typeText(column.type)}`),
          rows: reader
            .getRowsJson()
            .map((row) =>
              row
                .map((value) =>
                  value === null ? "NULL" : typeof value === "object" ? JSON.stringify(value) : String(value),
                )
                .join("|"),
            ),
        };
      }),
    change: (sql) =>
      meant(async () => {
        const [parsed] = parseStatements(sql);
        const bound = bindChange(parsed!.statement);
        for (const check of bound.checks) {
          const [row] = await duck(check.sql);
          if (row?.[0] === true) throw check.error(row[0]);
        }
        const [row] = await duck(bound.sql);
        return Number(row?.[0]);
      }),
    text: (sql) => bindQuery(queryOf(sql), context()).sql,
    duck,
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

function queryOf(sql: string) {
  const [parsed] = parseStatements(sql);
  if (parsed?.statement.kind !== "query-statement") throw new Error(`not a query: ${sql}`);
  return parsed.statement.query;
}

function columnOf(text: string, position: number, table: string): RelationColumn {
  const found = /^(\S+) (.+?)( not null)?(?: default (.+?))?( identity)?( by default)?$/.exec(text);
  if (found === null) throw new Error(`no column: ${text}`);
  const [, name = "", type = "", notNull, defaultText, identity, byDefault] = found;
  return {
    name,
    type: typeOfName(parseTypeName(type)),
    nullable: notNull === undefined,
    position,
    ...(defaultText === undefined ? {} : { default: parseExpression(defaultText) }),
    ...(identity === undefined
      ? {}
      : { identity: { seed: 10, step: 5, byDefault: byDefault !== undefined, sequence: `main.${table}_${name}` } }),
  };
}

/** How many digits a DECIMAL has room for while it is computed is DuckDB's affair; how many follow the point is not. */
function comparable(type: string): string {
  return type
    .replace(/^DECIMAL\(\d+/, "DECIMAL(")
    .replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE")
    .replace("TIMETZ", "TIME WITH TIME ZONE")
    .replace("JSON", "VARCHAR");
}

/** The error that a call ends with. */
export async function failure(work: () => Promise<unknown> | unknown): Promise<SqlError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof SqlError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}
