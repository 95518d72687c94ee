/** A result's rows one after the other, in the chunks in which the engine gives them. */
import type { SqlResult, SqlValue } from "../../redshift/database.js";

export type Row = readonly SqlValue[];

export interface RowReader {
  /** The next one of the chunk that is here; undefined where that is over. */
  ready(): Row | undefined;
  /** The next one, asking the engine where none is here; undefined after the last. */
  next(): Promise<Row | undefined>;
  /** No more are wanted. */
  close(): Promise<void>;
}

export function rowReader({ rows }: SqlResult): RowReader {
  const iterator = rows[Symbol.asyncIterator]();
  let chunk: readonly Row[] = [];
  let at = 0;
  let ended = false;

  return {
    ready: () => chunk[at++],
    async next() {
      for (;;) {
        const row = chunk[at++];
        if (row !== undefined) return row;
        chunk = [];
        if (ended) return undefined;
        const answer = await iterator.next();
        at = 0;
        if (answer.done === true) {
          ended = true;
          return undefined;
        }
        chunk = answer.value;
      }
    },
    async close() {
      chunk = [];
      if (ended) return;
      ended = true;
      await iterator.return?.();
    },
  };
}
