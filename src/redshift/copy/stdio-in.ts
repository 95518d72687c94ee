/** COPY ... FROM STDIN: rows as a client sends them. Redshift refuses it; psql's \copy and drivers' bulk loads need it. */
import { isUtf8 } from "node:buffer";
import { coerce } from "../binder/expressions/bind-expression.js";
import { sqlErrorOf } from "../engine/engine-errors.js";
import type { StatementLimit } from "../engine/statement-limit.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import type { SqlType } from "../types.js";
import { duckDbType } from "../types-duckdb.js";
import { recordsOf } from "./records.js";
import type { LoadRun } from "./services.js";
import { stageWriter } from "./stage-writer.js";
import { stdioFields } from "./stdio-lines.js";
import type { StdioOptions } from "./stdio-options.js";
import type { LoadTarget } from "./target.js";

export async function copyIn(
  target: LoadTarget,
  options: StdioOptions,
  run: LoadRun,
  input: AsyncIterable<Uint8Array> | undefined,
): Promise<number> {
  const { relation, columns } = target;
  if (input === undefined) {
    throw new SqlError(SQL_STATE.featureNotSupported, "COPY FROM STDIN needs a connection that can send rows", {
      hint: "Use it over PostgreSQL's protocol (psql's \\copy), or COPY from a bucket.",
    });
  }
  const writer = await stageWriter(run, `_penstock_input_${run.queryId}`, columns.length);
  const kept = columns.map(({ name }) => options.forceNotNull.includes(name) || options.forceNotNull.includes("*"));
  const wrong = (line: number, state: string, message: string, text: string) =>
    new SqlError(state, message, { detail: `COPY ${relation.name}, line ${line}: "${text.slice(0, 200)}"` });
  const format =
    options.format === "csv"
      ? ({
          kind: "csv",
          delimiter: options.delimiter,
          quote: options.quote,
          ignoreHeader: 0,
          ignoreBlankLines: false,
          fillRecord: false,
        } as const)
      : ({
          kind: "delimited",
          delimiter: options.delimiter,
          escape: true,
          removeQuotes: false,
          ignoreHeader: 0,
          ignoreBlankLines: false,
          fillRecord: false,
        } as const);
  let header = options.header;
  reading: for await (const records of recordsOf(buffers(stoppable(input, run.limit)), format)) {
    for (const { bytes, line, torn } of records) {
      if (header) {
        header = false;
        continue;
      }
      const text = bytes.toString("utf8");
      // psql sends it at the end of a file of text.
      if (text === "\\.") break reading;
      if (!isUtf8(bytes)) throw wrong(line, "22021", 'invalid byte sequence for encoding "UTF8"', text);
      const fields = torn === undefined ? stdioFields(text, options) : undefined;
      if (fields === undefined)
        throw wrong(
          line,
          SQL_STATE.badCopyFileFormat,
          torn === "too-long" ? "the line is longer than 4 MB" : "unterminated CSV quoted field",
          text,
        );
      if (fields.length > columns.length)
        throw wrong(line, SQL_STATE.badCopyFileFormat, "extra data after last expected column", text);
      if (fields.length < columns.length) {
        throw wrong(
          line,
          SQL_STATE.badCopyFileFormat,
          `missing data for column "${columns[fields.length]!.name}"`,
          text,
        );
      }
      const values = fields.map((field, index) => (field === null && kept[index] === true ? "" : field));
      if (writer.add(0, line, values)) await writer.flush();
    }
  }
  await writer.end();
  const items = columns.map((column, index) => {
    const field = {
      sql: `c${index + 1}`,
      type: { kind: "varchar", length: 65_535 },
      at: 0,
      aggregate: false,
      window: false,
      nullable: true,
    } as const;
    if (column.type.kind === "super") return `CAST(${field.sql} AS ${duckDbType(column.type)})`;
    return coerce(field, column.type, isText(column.type) ? "assignment" : "explicit", run.context).sql;
  });
  try {
    const { rowsChanged } = await run.connection.run(
      `${target.into} SELECT ${[...items, ...target.defaults].join(", ")} FROM ${writer.name} ORDER BY l`,
      run.limit,
    );
    await run.connection.run(`DROP TABLE ${writer.name}`, run.limit);
    return rowsChanged;
  } catch (error) {
    throw sqlErrorOf(error, relation.name);
  }
}

/** A text goes into a text as it is assigned: one that is too long is refused, not cut. Into all else it is cast. */
function isText({ kind }: SqlType): boolean {
  return kind === "varchar" || kind === "char" || kind === "text";
}

async function* buffers(input: AsyncIterable<Uint8Array>): AsyncIterable<Buffer> {
  for await (const chunk of input) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

/** A client that sends nothing holds its statement up; what stops the statement then ends the waiting. */
function stoppable<T>(input: AsyncIterable<T>, limit: StatementLimit): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = input[Symbol.asyncIterator]();
      return {
        next: () =>
          new Promise((resolve, reject) => {
            const unlisten = limit.onStop(reject);
            iterator.next().then(resolve, reject).finally(unlisten);
          }),
        async return() {
          await iterator.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
