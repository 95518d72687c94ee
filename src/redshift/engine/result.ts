import type { SqlColumn, SqlResult, SqlValue } from "../database.js";
import { chunkRows } from "./column-values.js";
import type { StatementLimit } from "./statement-limit.js";
import type { Outcome } from "./statement-run.js";
import { GREENWICH, zoneOffset } from "./time-zone.js";

type Rows = readonly (readonly SqlValue[])[];

/** What the session does with a result that somebody is reading. */
export interface ResultInside {
  drain(limit?: StatementLimit): Promise<void>;
  /** Its rows are gone: the next read throws. */
  abandon(reason: Error): void;
  /** Ends it, as an error does, in the session's turn. */
  stop(reason: Error): Promise<void>;
}

export interface OpenResult {
  readonly result: SqlResult;
  readonly inside: ResultInside;
}

export interface ResultOptions {
  readonly outcome: Outcome;
  readonly queryId: number;
  readonly timezone: string;
  enqueue<T>(work: () => Promise<T>): Promise<T>;
  /** All rows were read, or no more are wanted. */
  onEnd(rows: number): Promise<void>;
  /** Its rows are gone before they were read. */
  onAbandon(rows: number, reason: Error): void;
  /** Answers the error as the reader is to see it. */
  onError(error: unknown): Promise<Error>;
}

/** The rows of a statement, to be read once. */
export function openResult(options: ResultOptions): OpenResult {
  const { outcome, enqueue } = options;
  const { stream, columns } = outcome;
  const zone = zoneOffset(options.timezone) ?? GREENWICH;
  const iterator = outcome.chunks?.[Symbol.asyncIterator]();
  let ready: Rows | undefined = outcome.rows;
  let read = 0;
  let ended = stream === undefined && iterator === undefined;
  let gone: Error | undefined;

  async function finish(): Promise<void> {
    if (ended) return;
    ended = true;
    await options.onEnd(read);
  }

  async function failed(error: unknown): Promise<never> {
    ended = true;
    const known = await options.onError(error);
    stream?.discard();
    throw known;
  }

  async function next(): Promise<Rows | undefined> {
    if (gone !== undefined) throw gone;
    if (ready !== undefined) {
      const rows = ready;
      ready = undefined;
      read += rows.length;
      return rows.length === 0 ? undefined : rows;
    }
    if (ended) return undefined;
    try {
      const rows = iterator === undefined ? await nextOfStream() : await nextOf(iterator);
      if (rows === undefined) await finish();
      else read += rows.length;
      return rows;
    } catch (error) {
      return failed(error);
    }
  }

  async function nextOfStream(): Promise<Rows | undefined> {
    const chunk = await stream?.next();
    return chunk === undefined ? undefined : chunkRows(chunk, columns as readonly SqlColumn[], zone);
  }

  async function stopReading(): Promise<void> {
    if (ended || gone !== undefined) return;
    try {
      await stream?.close();
      await iterator?.return?.();
      await finish();
    } catch (error) {
      await failed(error);
    }
  }

  const rows: AsyncIterable<Rows> = {
    [Symbol.asyncIterator]: () => ({
      async next() {
        const value = await (ended && ready !== undefined ? next() : enqueue(next));
        return value === undefined ? { done: true, value: undefined } : { done: false, value };
      },
      async return() {
        ready = undefined;
        if (!ended) await enqueue(stopReading);
        return { done: true, value: undefined };
      },
    }),
  };

  return {
    result: {
      columns,
      rows,
      tag: () => outcome.tag(read),
      changed: outcome.changed,
      queryId: options.queryId,
      ...(outcome.copyOut === undefined ? {} : { copyOut: outcome.copyOut }),
    },
    inside: {
      async drain(limit) {
        if (!ended) await stream?.drain(limit);
      },
      abandon(reason) {
        if (ended) return;
        ended = true;
        gone = reason;
        stream?.discard();
        void iterator?.return?.().catch(() => undefined);
        options.onAbandon(read, reason);
      },
      async stop(reason) {
        if (ended) return;
        ended = true;
        gone = await options.onError(reason);
        stream?.discard();
      },
    },
  };
}

async function nextOf(iterator: AsyncIterator<Rows>): Promise<Rows | undefined> {
  const { done, value } = await iterator.next();
  return done === true ? undefined : value;
}
