/** The catalog operations: each asks the database at once, on a session of its own. */
import { messageOf } from "../../core/errors.js";
import type { SqlColumn, SqlSession, SqlValue } from "../../redshift/database.js";
import { AwsError } from "../aws/aws-error.js";
import { type Call, operation } from "../aws/service.js";
import { string, structure } from "../aws/shape.js";
import { columnMetadata } from "./column-metadata.js";
import { type DataApiContext, pageOf } from "./context.js";
import { invalid, statementErrorText } from "./errors.js";
import { maxResults, nextToken, type TargetInput, targetMembers, targetOf } from "./request.js";
import { userOf } from "./sessions.js";

const pageMembers = { MaxResults: maxResults, NextToken: nextToken };
const databaseMembers = {
  ...targetMembers,
  Database: string({ required: true }),
  ConnectedDatabase: string(),
  ...pageMembers,
};

export const listDatabases = (context: DataApiContext) =>
  operation(structure({ ...targetMembers, ...pageMembers }), async (input, call) => {
    const asked = { ...input, Database: input.Database ?? context.database.name };
    const rows = await ask({ context, call }, asked, "SELECT database_name FROM svv_redshift_databases ORDER BY 1");
    const { items, NextToken } = pageOf(rows, "databases", input);
    return { Databases: items.map(([name]) => String(name)), NextToken };
  });

export const listSchemas = (context: DataApiContext) =>
  operation(structure({ ...databaseMembers, SchemaPattern: string() }), async (input, call) => {
    const rows = await ask(
      { context, call },
      input,
      "SELECT schema_name FROM svv_all_schemas WHERE database_name = $1 AND schema_name LIKE $2 ORDER BY 1",
      [input.Database, input.SchemaPattern ?? "%"],
    );
    const { items, NextToken } = pageOf(rows, `schemas ${input.Database} ${input.SchemaPattern}`, input);
    return { Schemas: items.map(([name]) => String(name)), NextToken };
  });

export const listTables = (context: DataApiContext) =>
  operation(structure({ ...databaseMembers, SchemaPattern: string(), TablePattern: string() }), async (input, call) => {
    const rows = await ask(
      { context, call },
      input,
      `SELECT schema_name, table_name, table_type FROM svv_all_tables
       WHERE database_name = $1 AND schema_name LIKE $2 AND table_name LIKE $3 ORDER BY 1, 2`,
      [input.Database, input.SchemaPattern ?? "%", input.TablePattern ?? "%"],
    );
    const of = `tables ${input.Database} ${input.SchemaPattern} ${input.TablePattern}`;
    const { items, NextToken } = pageOf(rows, of, input);
    return {
      Tables: items.map(([schema, name, type]) => ({ schema, name, type: tableType(String(schema), String(type)) })),
      NextToken,
    };
  });

/** A relation of the catalog is told apart from users' own, as JDBC's drivers do. */
function tableType(schema: string, type: string): string {
  const system = schema === "pg_catalog" || schema === "information_schema";
  return system ? `SYSTEM ${type.includes("VIEW") ? "VIEW" : "TABLE"}` : type;
}

export const describeTable = (context: DataApiContext) =>
  operation(structure({ ...databaseMembers, Schema: string(), Table: string() }), async (input, call) => {
    const { Table: table, Schema: schema = "public" } = input;
    if (table === undefined) throw invalid("Table must be given.");
    const { columns, defaults } = await onSession({ context, call }, input, async (session) => ({
      columns: await columnsOf(session, schema, table),
      defaults: new Map(
        (
          await rowsOf(
            session,
            `SELECT column_name, column_default, character_maximum_length FROM svv_all_columns
             WHERE database_name = $1 AND schema_name = $2 AND table_name = $3`,
            [input.Database, schema, table],
          )
        ).map(([name, value, length]) => [String(name), { value, length }]),
      ),
    }));
    const { items, NextToken } = pageOf(columns, `table ${schema} ${table}`, input);
    return {
      TableName: table,
      ColumnList: items.map((column) => {
        const found = defaults.get(column.name);
        return columnMetadata(
          { ...column, table: { schema, name: table, oid: 0, position: 0 } },
          {
            default: found?.value === null || found === undefined ? null : String(found.value),
            length: Number(found?.length ?? 0),
          },
        );
      }),
      NextToken,
    };
  });

/** No column at all where there is no such table: what the service answers then. */
async function columnsOf(session: SqlSession, schema: string, table: string): Promise<readonly SqlColumn[]> {
  const quoted = [schema, table].map((name) => `"${name.replaceAll('"', '""')}"`).join(".");
  try {
    const prepared = await session.prepare(session.parse(`SELECT * FROM ${quoted}`)[0]!);
    return prepared.columns ?? [];
  } catch (error) {
    if (/does not exist/.test(messageOf(error))) return [];
    throw error;
  }
}

interface Asking {
  readonly context: DataApiContext;
  readonly call: Pick<Call, "caller">;
}

type Asked = TargetInput & { readonly ConnectedDatabase?: string | undefined };

function ask(context: Asking, input: Asked, sql: string, values: readonly SqlValue[] = []) {
  return onSession(context, input, (session) => rowsOf(session, sql, values));
}

async function rowsOf(session: SqlSession, sql: string, values: readonly SqlValue[]): Promise<(readonly SqlValue[])[]> {
  const prepared = await session.prepare(session.parse(sql)[0]!);
  const result = await session.execute(prepared, values);
  const rows: (readonly SqlValue[])[] = [];
  for await (const chunk of result.rows) rows.push(...chunk);
  return rows;
}

async function onSession<T>(
  { context, call }: Asking,
  input: Asked,
  work: (session: SqlSession) => Promise<T>,
): Promise<T> {
  const target = targetOf({ ...input, SessionId: undefined })!;
  let session: SqlSession | undefined;
  try {
    session = await context.database.connect({
      ...userOf({ target, ...(call.caller === undefined ? {} : { caller: call.caller }) }, context.database),
      database: input.ConnectedDatabase ?? target.database,
      applicationName: "Redshift Data API",
      remote: "data-api",
      readOnly: true,
    });
    return await work(session);
  } catch (error) {
    if (error instanceof AwsError) throw error;
    throw invalid(statementErrorText(error));
  } finally {
    await session?.close();
  }
}
