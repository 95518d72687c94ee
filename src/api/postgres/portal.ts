/** A statement that is bound and may be read from in parts: a portal, and what a simple query runs one after the other. */
import type { SqlPrepared, SqlResult, SqlSession, SqlValue } from "../../redshift/database.js";
import type { CopyIn } from "./copy.js";
import { type ValueEncoder, valueEncoder, valueText } from "./encode-value.js";
import type { MessageWriter } from "./message-writer.js";

export interface Portal {
  readonly prepared: SqlPrepared;
  /** 0 for text, 1 for binary, of a column. */
  format(index: number): number;
  /** Runs it, or goes on with it. `all` rows for 0. Answers whether there may be more. */
  run(writer: MessageWriter, rowsMax: number): Promise<"suspended" | "complete">;
  close(): Promise<void>;
}

/** Bytes that are gathered before the socket is asked to take them. */
const BURST_BYTES = 32 * 1024;

export interface PortalOptions {
  readonly session: SqlSession;
  readonly prepared: SqlPrepared;
  readonly values: readonly SqlValue[];
  /** As Bind gives them: none for all text, one for all, or one a column. */
  readonly formats: readonly number[];
  readonly copyIn: CopyIn;
}

export function openPortal({ session, prepared, values, formats, copyIn }: PortalOptions): Portal {
  let result: SqlResult | undefined;
  let rows: AsyncIterator<readonly (readonly SqlValue[])[]> | undefined;
  let encoders: readonly ValueEncoder[] = [];
  /** What is left of the chunk that a row limit cut. */
  let rest: readonly (readonly SqlValue[])[] = [];
  let done = false;
  const format = (index: number) => (formats.length === 1 ? formats[0]! : (formats[index] ?? 0));

  async function start(): Promise<SqlResult> {
    const started = await session.execute(prepared, values, { input: copyIn });
    result = started;
    rows = started.rows[Symbol.asyncIterator]();
    encoders = (started.columns ?? []).map(({ type }, index) => valueEncoder(type, format(index)));
    return started;
  }

  function writeRow(writer: MessageWriter, row: readonly SqlValue[]): void {
    writer.begin("D").int16(encoders.length);
    for (let index = 0; index < encoders.length; index++) encoders[index]!(writer, row[index]!);
    writer.end();
  }

  return {
    prepared,
    format,
    run: async (writer, rowsMax) => {
      const running = result ?? (await start());
      if (running.copyOut !== undefined) {
        await writeCopyOut(writer, running, rows!);
        writer.begin("C").text(running.tag()).end();
        return "complete";
      }
      let left = rowsMax === 0 ? Number.POSITIVE_INFINITY : rowsMax;
      while (!done) {
        let chunk = rest;
        rest = [];
        if (chunk.length === 0) {
          if (left === 0) return suspended(writer);
          const next = await rows!.next();
          if (next.done === true) {
            done = true;
            break;
          }
          chunk = next.value;
        }
        for (const [index, row] of chunk.entries()) {
          if (left === 0) {
            rest = chunk.slice(index);
            return suspended(writer);
          }
          left--;
          writeRow(writer, row);
          if (writer.pending > BURST_BYTES) {
            writer.flush();
            await writer.drain();
          }
        }
      }
      writer.begin("C").text(running.tag()).end();
      return "complete";
    },
    close: async () => {
      if (done) return;
      done = true;
      await rows?.return?.();
    },
  };
}

function suspended(writer: MessageWriter): "suspended" {
  writer.begin("s").end();
  return "suspended";
}

async function writeCopyOut(
  writer: MessageWriter,
  result: SqlResult,
  rows: AsyncIterator<readonly (readonly SqlValue[])[]>,
): Promise<void> {
  const columns = result.copyOut!.columns;
  writer.begin("H").byte(0).int16(columns);
  for (let column = 0; column < columns; column++) writer.int16(0);
  writer.end();
  for (;;) {
    const next = await rows.next();
    if (next.done === true) break;
    for (const [line = null] of next.value) {
      writer
        .begin("d")
        .bytes(Buffer.from(line === null ? "" : valueText({ kind: "text" }, line)))
        .end();
      if (writer.pending > BURST_BYTES) {
        writer.flush();
        await writer.drain();
      }
    }
  }
  writer.begin("c").end();
}
