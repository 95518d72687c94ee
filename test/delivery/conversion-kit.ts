import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { TableModel } from "../../src/definition/model.js";
import type { RowOutcome } from "../../src/delivery/codec/decode-rows.js";
import { type ConversionResult, convertRecords, type SourceBlock } from "../../src/delivery/conversion.js";
import type { DeadLetterRow } from "../../src/delivery/dead-letter-file.js";
import { type ConversionEngine, openConversionEngine } from "../../src/delivery/engine.js";
import { nodeDisk } from "../../src/disk/node-disk.js";
import { BlockBuilder, openBlock, parseHeader } from "../../src/stream/embedded/block.js";
import type { RecordBlock } from "../../src/stream/stream.js";

export const ARRIVAL_MS = Date.UTC(2026, 10, 22, 12);

export interface ConversionKit {
  readonly directory: string;
  readonly engine: ConversionEngine;
  convert(table: TableModel, blocks: readonly SourceBlock[]): Promise<Converted>;
  /** Rows of plain values; times and decimals as text. */
  query(sql: string): Promise<readonly (readonly unknown[])[]>;
  close(): Promise<void>;
}

export interface Converted extends ConversionResult {
  readonly deadLetters: readonly DeadLetterRow[];
}

export async function conversionKit(): Promise<ConversionKit> {
  const directory = await mkdtemp(join(tmpdir(), "penstock-conversion-"));
  const engine = await openConversionEngine({
    memoryBytesMax: 256 * 1024 * 1024,
    threads: 2,
    temporaryDirectory: join(directory, "spill"),
    temporaryBytesMax: 1024 * 1024 * 1024,
    gate: (work) => work(),
  });
  const reader = await DuckDBInstance.create(":memory:");
  const connection = await reader.connect();
  await connection.run("SET TimeZone = 'UTC'");
  const disk = nodeDisk();
  return {
    directory,
    engine,
    convert: async (table, blocks) => {
      const result = await convertRecords({
        engine,
        disk,
        table,
        flush: 7,
        schemaVersion: 1,
        atMs: ARRIVAL_MS + 5000,
        shardCreatedAtMs: () => ARRIVAL_MS - 60_000,
        source: async function* () {
          yield* blocks;
        },
        directory: await mkdtemp(join(directory, "conversion-")),
      });
      const text = result.deadFile === undefined ? "" : await readFile(result.deadFile, "utf8");
      const deadLetters = text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as DeadLetterRow]));
      return { ...result, deadLetters };
    },
    query: async (sql) => (await connection.runAndReadAll(sql)).getRowsJson(),
    close: async () => {
      await engine.close();
      connection.closeSync();
      reader.closeSync();
      await rm(directory, { recursive: true });
    },
  };
}

/** A block as the journal writes it, so that `clean` is the journal's own word. */
export function journalBlock(
  payloads: readonly (string | Uint8Array)[],
  { shard = 0, first = 1 }: { readonly shard?: number; readonly first?: number } = {},
): RecordBlock {
  const builder = new BlockBuilder();
  builder.begin(shard, first, ARRIVAL_MS);
  for (const payload of payloads) builder.append("key", typeof payload === "string" ? Buffer.from(payload) : payload);
  const bytes = Buffer.concat(builder.seal(0).pieces);
  return openBlock(bytes, parseHeader(bytes)!);
}

export function describe(outcome: RowOutcome): unknown {
  return outcome.kind === "row" ? outcome.cells : outcome.kind === "filtered" ? "filtered" : outcome.fault.code;
}
