/** A temporary table of texts, filled a chunk at a time. */
import { BIGINT, DuckDBDataChunk, type DuckDBValue, INTEGER, VARCHAR } from "@duckdb/node-api";
import { quotedName } from "../sql-text.js";
import type { Fields } from "./fields.js";
import type { LoadRun } from "./services.js";

const CHUNK_ROWS = 2_048;

/** Columns: f (object), l (line), c1, c2, ... */
export interface StageWriter {
  readonly name: string;
  /** True when it is time to flush. */
  add(object: number, line: number, fields: Fields): boolean;
  flush(): Promise<void>;
  end(): Promise<void>;
}

export async function stageWriter(run: LoadRun, table: string, fields: number): Promise<StageWriter> {
  const { connection, limit } = run;
  const name = `temp.${quotedName(table)}`;
  const texts = Array.from({ length: fields }, (_, index) => `c${index + 1} VARCHAR`);
  await connection.run(
    `CREATE TEMP TABLE ${quotedName(table)} (${["f INTEGER", "l BIGINT", ...texts].join(", ")})`,
    limit,
  );
  const appender = await connection.call((own) => own.createAppender(table, "main", "temp"), limit);
  const types = [INTEGER, BIGINT, ...texts.map(() => VARCHAR)];
  let columns: DuckDBValue[][] = types.map(() => []);
  let rows = 0;

  const flush = async () => {
    if (rows === 0) return;
    const chunk = DuckDBDataChunk.create(types);
    chunk.setColumns(columns);
    columns = types.map(() => []);
    rows = 0;
    await connection.call(async () => appender.appendDataChunk(chunk), limit);
  };
  return {
    name,
    add(object, line, values) {
      columns[0]!.push(object);
      columns[1]!.push(BigInt(line));
      for (let index = 0; index < fields; index++) columns[index + 2]!.push(values[index] ?? null);
      rows++;
      return rows === CHUNK_ROWS;
    },
    flush,
    async end() {
      await flush();
      await connection.call(async () => appender.closeSync(), limit);
    },
  };
}
