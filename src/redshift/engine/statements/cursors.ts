/** DECLARE, FETCH, CLOSE. A cursor reads on from its query as it is asked; it ends with its transaction. */
import type { BoundQuery } from "../../binder/bound.js";
import { bindQuery } from "../../binder/queries/bind-query.js";
import type { SqlValue } from "../../database.js";
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { CloseCursor, DeclareCursor, FetchCursor } from "../../syntax/ast.js";
import { chunkRows } from "../column-values.js";
import { rowStream } from "../row-stream.js";
import type { OpenCursor, SessionCore } from "../statement-run.js";
import { done, type StatementHandler, type StatementRun } from "../statement-run.js";
import { GREENWICH, zoneOffset } from "../time-zone.js";

type Row = readonly SqlValue[];

export const declareHandler: StatementHandler<DeclareCursor, BoundQuery> = {
  access: "read",
  bind: (statement, context) => bindQuery(statement.query, context),
  async run({ name, at }, run) {
    const { core, bound, connection, parameters, limit } = run;
    if (core.transaction.mode !== "explicit") {
      throw new SqlError(SQL_STATE.noActiveSqlTransaction, "DECLARE CURSOR may only be used in transaction blocks", {
        at,
        hint: "BEGIN a transaction first: a cursor ends with its transaction.",
      });
    }
    if (core.cursors.has(name))
      throw new SqlError(SQL_STATE.duplicateCursor, `cursor "${name}" already exists`, { at });
    run.reads(bound.reads);
    const result = await connection.stream(bound.sql, parameters, limit);
    const stream = rowStream({ connection, result, limit, aside: () => core.shared.connect() });
    core.cursors.set(name, { columns: bound.columns, stream, reads: bound.reads, rest: [], limit });
    return done("DECLARE CURSOR");
  },
};

export const fetchHandler: StatementHandler<FetchCursor> = {
  access: "none",
  volatile: true,
  columns: (statement, _, core) => cursorOf(core, statement).columns,
  async run(statement, run) {
    const cursor = cursorOf(run.core, statement);
    run.reads(cursor.reads);
    const count = statement.count === "all" ? Number.POSITIVE_INFINITY : statement.count;
    return {
      tag: (rows) => `FETCH ${rows}`,
      columns: cursor.columns,
      chunks: fetchRows(cursor, count, run),
    };
  },
};

async function* fetchRows(cursor: OpenCursor, count: number, run: StatementRun): AsyncGenerator<readonly Row[]> {
  const zone = zoneOffset(run.core.settings.get("timezone") ?? "UTC") ?? GREENWICH;
  let left = count;
  while (left > 0) {
    if (cursor.rest.length === 0) {
      const chunk = await cursor.stream.next(run.limit);
      if (chunk === undefined) return;
      cursor.rest = [...chunkRows(chunk, cursor.columns, zone)];
    }
    const rows = cursor.rest.splice(0, left);
    left -= rows.length;
    yield rows;
  }
}

export const closeHandler: StatementHandler<CloseCursor> = {
  access: "none",
  async run({ name, at }, { core }) {
    if (name === undefined) {
      for (const cursor of [...core.cursors.values()]) await cursor.stream.close();
      core.cursors.clear();
      return done("CLOSE CURSOR ALL");
    }
    const cursor = cursorOf(core, { name, at });
    core.cursors.delete(name);
    await cursor.stream.close();
    return done("CLOSE CURSOR");
  },
};

function cursorOf(core: SessionCore, { name, at }: { readonly name: string; readonly at: number }): OpenCursor {
  const cursor = core.cursors.get(name);
  if (cursor !== undefined) return cursor;
  throw new SqlError(SQL_STATE.invalidCursorName, `cursor "${name}" does not exist`, {
    at,
    hint: "DECLARE it in this transaction first.",
  });
}
