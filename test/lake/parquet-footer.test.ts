import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isPenstockError } from "../../src/core/errors.js";
import { footerBytes, readFooter } from "../../src/lake/parquet-footer.js";
import { temporaryFolder } from "../loader/fixtures.js";

describe("a Parquet file's footer", () => {
  let write: (query: string, options?: string) => Promise<Buffer>;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => {
    folder = await temporaryFolder();
    const connection = await (await DuckDBInstance.create(":memory:")).connect();
    let files = 0;
    write = async (query, options = "") => {
      const path = join(folder.path, `${++files}.parquet`);
      await connection.run(`COPY (${query}) TO '${path}' (FORMAT parquet${options})`);
      return readFile(path);
    };
  });

  afterAll(() => folder.remove());

  test("tells the rows and the top-level columns, in order, whatever is nested in them", async () => {
    const file = await write(
      `SELECT i::BIGINT AS big, (i % 100)::SMALLINT AS small, i::DECIMAL(30, 4) AS wide, 'x' AS word, TRUE AS yes, i::REAL AS r,
      i::DOUBLE AS d, DATE '2026-01-01' AS day, TIMESTAMPTZ '2026-01-01 00:00:00+00' AS at, {'a': {'b': 1, 'c': [1, 2]}, 'd': 2} AS nested,
      MAP {'k': 1} AS pairs, i::INTEGER AS last FROM range(70000) t(i)`,
      ", ROW_GROUP_SIZE 20000",
    );
    expect(readFooter(file)).toEqual({
      rows: 70_000,
      columns: [
        { name: "big", physical: "int64" },
        { name: "small", physical: "int32" },
        { name: "wide", physical: "fixed-byte-array" },
        { name: "word", physical: "byte-array" },
        { name: "yes", physical: "boolean" },
        { name: "r", physical: "float" },
        { name: "d", physical: "double" },
        { name: "day", physical: "int32" },
        { name: "at", physical: "int64" },
        { name: "nested", physical: "group" },
        { name: "pairs", physical: "group" },
        { name: "last", physical: "int32" },
      ],
    });
  });

  test("is found from the file's end, and needs no more of it", async () => {
    const file = await write(
      `SELECT ${Array.from({ length: 300 }, (_, at) => `i AS column_${at}`).join(", ")} FROM range(10) t(i)`,
    );
    const bytes = footerBytes(file.subarray(-8), file.length);
    expect(bytes).toBeLessThan(file.length);
    expect(readFooter(file.subarray(-bytes))).toEqual(readFooter(file));
    expect(readFooter(file).columns).toHaveLength(300);
  });

  test("a file that is cut, or of another format, is refused as one that cannot be loaded", async () => {
    const file = await write("SELECT 1 AS a, 'x' AS b");
    for (const bad of [
      Buffer.alloc(0),
      Buffer.from("PAR1"),
      file.subarray(0, -1),
      Buffer.from("no such format at all"),
    ]) {
      expect(() => footerBytes(bad.subarray(-8), bad.length)).toThrow(expect.objectContaining({ code: "load-failed" }));
    }
  });

  test("damage ends in an answer or in a refusal, never in anything else", async () => {
    const file = await write("SELECT i AS a, 'x' || i AS b, [i] AS c FROM range(100) t(i)");
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 12 }),
        (damage) => {
          const bytes = Buffer.from(file);
          const footer = footerBytes(file, file.length);
          for (const [at, value] of damage) bytes[bytes.length - footer + (at % (footer - 8))] = value;
          try {
            readFooter(bytes);
          } catch (error) {
            if (!isPenstockError(error, "load-failed")) throw error;
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
