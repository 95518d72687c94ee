/** A statement that is bound and may be read from in parts: a portal, and what a simple query runs one after the other. */
import type { SqlPrepared, SqlResult, SqlSession, SqlValue } from "../../redshift/database.js";
import { SqlError } from "../../redshift/sql-error.js";
import { type CopyIn, writeCopyOut } from "./copy.js";
import { type ValueEncoder, valueEncoder } from "./encode-value.js";
import type { MessageWriter } from "./message-writer.js";
import { type Row, type RowReader, rowReader } from "./row-reader.js";

export interface Portal {
  readonly prepared: SqlPrepared;
  /** 0 for text, 1 for binary, of a column. */
  format(index: number): number;
  /** Runs it, or goes on with it, and writes what comes. All rows for 0. */
  run(writer: MessageWriter, rowsMax: number): Promise<void>;
  /** Its rows are not wanted any more. */
  close(): Promise<void>;
}

export interface PortalOptions {
  readonly session: SqlSession;
  readonly prepared: SqlPrepared;
  readonly values: readonly SqlValue[];
  /** As Bind gives them: none for all text, one for all, or one a column. */
  readonly formats: readonly number[];
  /** For a statement that takes data from the client. */
  readonly copyIn: () => CopyIn;
}

export function openPortal({ session, prepared, values, formats, copyIn }: PortalOptions): Portal {
  let result: SqlResult | undefined;
  let rows: RowReader | undefined;
  let encoders: readonly ValueEncoder[] = [];
  let finished = false;
  const format = (index: number) => (formats.length === 1 ? formats[0]! : (formats[index] ?? 0));

  async function start(): Promise<SqlResult> {
    const input = copyIn();
    try {
      result = await session.execute(prepared, values, { input });
    } finally {
      input.close();
    }
    rows = rowReader(result);
    encoders = (result.columns ?? []).map(({ type }, index) => valueEncoder(type, format(index)));
    return result;
  }

  function writeRow(writer: MessageWriter, row: Row): void {
    const count = encoders.length;
    writer.begin("D").int16(count);
    for (let index = 0; index < count; index++) {
      const value = row[index] as SqlValue;
      if (value === null) writer.int32(-1);
      else encoders[index]!(writer, value);
    }
    writer.end();
  }

  /** True when there are no more. */
  async function writeRows(writer: MessageWriter, reader: RowReader, rowsMax: number): Promise<boolean> {
    for (let left = rowsMax; ; left--) {
      if (rowsMax > 0 && left === 0) return false;
      const row = reader.ready() ?? (await reader.next());
      if (row === undefined) return true;
      writeRow(writer, row);
      if (writer.full) {
        writer.flush();
        await writer.drain();
      }
    }
  }

  async function close(): Promise<void> {
    finished = true;
    await rows?.close();
  }

  return {
    prepared,
    format,
    async run(writer, rowsMax) {
      if (finished && prepared.columns === undefined) {
        throw new SqlError("55000", "the portal has been run and cannot be run again", {
          hint: "Bind the statement again.",
        });
      }
      try {
        const running = result ?? (await start());
        const reader = rows!;
        if (running.copyOut !== undefined) await writeCopyOut(writer, running.copyOut, reader);
        else if (!(await writeRows(writer, reader, rowsMax))) {
          writer.begin("s").end();
          return;
        }
        finished = true;
        writer.begin("C").text(running.tag()).end();
      } catch (error) {
        await close().catch(() => undefined);
        throw error;
      }
    },
    close,
  };
}
