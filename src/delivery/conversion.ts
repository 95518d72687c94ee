/**
 * One conversion: records in, files for the lake out. It touches no flush log and no lake, so that a flush, a replay and a redrive
 * share it.
 *
 *     add(block)  clean lines -> spool ---------------------\
 *                 the rest    -> reference codec -> rows ----+--> finish(): rows.parquet (or a file a partition),
 *                                               \-> dead.json            filtered.parquet, dead.json
 *
 * `finish` takes what the fast path proves in one statement. Only when that was not every line does it ask which records are left, fetches
 * their bytes from `source` again, decodes them by the reference, and writes the rows file once more with both.
 */
import { join } from "node:path";
import type { TableModel } from "../definition/model.js";
import { mappingOf } from "../definition/types.js";
import type { Disk } from "../disk/disk.js";
import type { RecordBlock, StreamRecord } from "../stream/stream.js";
import type { RowFault } from "./codec/dead-letter.js";
import { decodeRecord } from "./codec/decode-record.js";
import { planRows } from "./codec/row-plan.js";
import { type DeadLetterContext, deadLetterLine } from "./dead-letter-file.js";
import type { ConversionEngine, EngineSession } from "./engine.js";
import { planFastPath, sqlName, sqlText } from "./fast-path.js";
import { columnsOf, type PartitionFile, parquetOptions, splitRows } from "./lake-files.js";
import { PARTITIONS_MAX } from "./partitions.js";
import { isForSpool, lineOf, readerSizes, shardNameOf, spoolFolder } from "./spool.js";

/** A block and the stream it came from. */
export interface SourceBlock {
  readonly stream: string;
  readonly block: RecordBlock;
}

export interface ConversionOptions {
  readonly engine: ConversionEngine;
  readonly disk: Disk;
  readonly table: TableModel;
  /** 0 where no flush asks (a replay). */
  readonly flush: number;
  readonly schemaVersion: number;
  /** What dead letters name as the attempt's time. */
  readonly atMs: number;
  /** When a shard was created, for the service's form of its sequence numbers. */
  readonly shardCreatedAtMs: (stream: string, shard: number) => number;
  /** The same records again, in any order; read only when some need a second look. */
  readonly source: () => AsyncIterable<SourceBlock>;
  /** An empty folder that exists; the files stay in it. */
  readonly directory: string;
  /** Until it resolves, records are only read into scratch files; when it rejects, so does the conversion. */
  readonly decided?: Promise<void>;
}

export interface ConversionResult {
  readonly records: number;
  /** Bytes of the lines and records taken in. */
  readonly bytes: number;
  readonly rows: number;
  /** Rows files, ready for the lake; none where there are no rows. */
  readonly rowsFiles: readonly PartitionFile[];
  readonly dead: number;
  readonly deadFile: string | undefined;
  readonly filtered: number;
  /** `_shard_id`, `_sequence_number`, `_row_index` of rows that `where` or `transform` turned away. */
  readonly filteredFile: string | undefined;
}

export interface Conversion {
  /** Bytes taken so far. */
  readonly bytes: number;
  readonly records: number;
  /** The block's bytes are not needed once this resolves. */
  add(stream: string, block: RecordBlock): Promise<void>;
  finish(): Promise<ConversionResult>;
  /** Closes what is open; the files are left to the caller, who owns the folder. */
  abandon(): Promise<void>;
}

const FIRST_ROWS = "rows-1.ndjson";
const SECOND_ROWS = "rows-2.ndjson";
const FILTERED_NDJSON = "filtered.ndjson";
const DEAD_JSON = "dead.json";
/** After so many bytes decoded in JavaScript, some milliseconds' worth, others get their turn; a record costs something by itself. */
const BYTES_A_TURN = 256 * 1024;
const BYTES_A_RECORD = 512;
/** What the fast path must be told of; looked for in whole blocks, since DuckDB would take a tenth of the decoding's time to look in each record. */
const ESCAPED_NUL = Buffer.from("\\u0000");

/** Tables whose last flush had a record that is no JSON: hoping that the next one has none would cost more than it saves. */
const malformedLately = new WeakSet<TableModel>();

export function openConversion(options: ConversionOptions): Conversion {
  const { disk, table, directory } = options;
  const plan = planRows(table);
  const fast = planFastPath(table);
  const files = spoolFolder(disk, directory);
  const context: DeadLetterContext = {
    table: table.name,
    schemaVersion: options.schemaVersion,
    flush: options.flush,
    endedAtMs: options.atMs,
  };
  const shardNames = new Set<string>();
  const shardsSeen = new Map<string, Set<number>>();
  let records = 0;
  let lines = 0;
  let bytes = 0;
  let referenceRows = 0;
  let dead = 0;
  let filtered = 0;
  let sinceTurn = 0;
  let rowsSpool = FIRST_ROWS;
  let escapedNul = false;
  let longestLine = 0;

  async function writeDead(stream: string, shard: number, record: StreamRecord, rowIndex: number, fault: RowFault) {
    const from = { stream, shard, shardCreatedAtMs: options.shardCreatedAtMs(stream, shard) };
    const text = deadLetterLine(context, from, record, rowIndex, fault);
    await (await files.spool(DEAD_JSON)).write(Buffer.from(text));
    dead++;
  }

  async function decode(stream: string, shard: number, record: StreamRecord): Promise<void> {
    let rowIndex = 0;
    const s = shardNameOf(table.sources, stream, shard);
    for (const outcome of decodeRecord(plan, record.data)) {
      const identity = { s, q: record.sequence, i: rowIndex };
      if (outcome.kind === "row") {
        const row = JSON.stringify({ ...identity, a: record.arrivalMs, c: outcome.cells });
        await (await files.spool(rowsSpool)).write(Buffer.from(`${row}\n`));
        referenceRows++;
      } else if (outcome.kind === "filtered") {
        await (await files.spool(FILTERED_NDJSON)).write(Buffer.from(`${JSON.stringify(identity)}\n`));
        filtered++;
      } else {
        await writeDead(stream, shard, record, rowIndex, outcome.fault);
      }
      rowIndex++;
    }
    sinceTurn += BYTES_A_RECORD + record.data.length;
    if (sinceTurn >= BYTES_A_TURN) {
      sinceTurn = 0;
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  function see(stream: string, shard: number): void {
    const seen = shardsSeen.get(stream);
    if (seen?.has(shard)) return;
    if (seen === undefined) shardsSeen.set(stream, new Set([shard]));
    else seen.add(shard);
    shardNames.add(shardNameOf(table.sources, stream, shard));
  }

  const spoolName = (stream: string) => `lines-${table.sources.indexOf(stream)}.txt`;

  async function add(stream: string, block: RecordBlock): Promise<void> {
    see(stream, block.shard);
    records += block.count;
    if (fast !== undefined && isForSpool(block)) {
      longestLine = Math.max(longestLine, block.longestLine());
      await writeLines(stream, block.lines);
      lines += block.count;
      bytes += block.lines.length;
      return;
    }
    for (const record of block.records()) {
      bytes += record.data.length;
      const line = fast === undefined ? undefined : lineOf(block.shard, record);
      if (line === undefined) {
        await decode(stream, block.shard, record);
      } else {
        longestLine = Math.max(longestLine, line.length);
        await writeLines(stream, line);
        lines++;
      }
    }
  }

  async function writeLines(stream: string, bytes: Uint8Array): Promise<void> {
    escapedNul ||= Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(ESCAPED_NUL);
    await (await files.spool(spoolName(stream))).write(bytes);
  }

  /** The spools as one relation: `sid`, `a`, `q`, `d`, `holds_nul`. */
  function linesRelation(): string {
    const type = shardEnum();
    const selects = [...shardsSeen].flatMap(([stream, shards]) => {
      const spool = files.find(spoolName(stream));
      if (spool === undefined) return [];
      const cases = [...shards].map(
        (shard) => `WHEN ${shard} THEN ${sqlText(shardNameOf(table.sources, stream, shard))}::${type}`,
      );
      return `SELECT CASE s ${cases.join(" ")} END AS sid, a, q, d, ${escapedNul ? "contains(d, '\\u0000')" : "FALSE"} AS holds_nul FROM read_csv(${sqlText(spool.path)},
        columns = {s: 'INTEGER', a: 'BIGINT', q: 'BIGINT', d: 'VARCHAR'}, auto_detect = false, header = false,
        delim = chr(31), quote = '', escape = '', comment = '', new_line = '\\n', strict_mode = true,
        ${readerSizes(longestLine)})`;
    });
    return `(${selects.join(" UNION ALL ")})`;
  }

  /** An enumeration, because DuckDB writes it as a dictionary without hashing each row's text: a tenth of the whole conversion. */
  function shardEnum(): string {
    return `ENUM(${[...shardNames].sort().map(sqlText).join(", ")})`;
  }

  function fastRows(layers: string): string {
    return `SELECT sid AS _shard_id, q AS _sequence_number, 0::INTEGER AS _row_index, make_timestamptz(a * 1000) AS _arrived_at,
      ${fast!.outputs.join(", ")} FROM ${layers} WHERE ${fast!.isRow}`;
  }

  function decodedRows(): string {
    const spool = files.find(rowsSpool)!;
    const cells = table.columns.map(
      ({ name, type }, index) => `CAST(c[${index + 1}] AS ${mappingOf(type).lake}) AS ${sqlName(name)}`,
    );
    return `SELECT s::${shardEnum()} AS _shard_id, q AS _sequence_number, i AS _row_index, make_timestamptz(a * 1000) AS _arrived_at,
      ${cells.join(", ")} FROM read_json(${sqlText(spool.path)}, format = 'newline_delimited',
        columns = {s: 'VARCHAR', q: 'BIGINT', i: 'INTEGER', a: 'BIGINT', c: 'VARCHAR[]'},
        maximum_object_size = ${Math.max(spool.longestBytes, 1024 * 1024)})`;
  }

  async function finish(): Promise<ConversionResult> {
    await files.close();
    return options.engine.session(async (session) => {
      const parquet = parquetOptions(table.deliver, columnsOf(table).length);
      let rowsPath = join(directory, "rows-1.parquet");
      let rows = 0;
      const copyRows = async (selects: readonly string[]) => {
        rows =
          selects.length === 0
            ? 0
            : await session.run(`COPY (${selects.join(" UNION ALL ")}) TO ${sqlText(rowsPath)} ${parquet}`);
      };
      const decodedFirst = referenceRows;
      const decoded = decodedFirst === 0 ? [] : [decodedRows()];
      const layers = lines === 0 || fast === undefined ? undefined : fast.layers(linesRelation(), "careful");
      if (layers === undefined) {
        await copyRows(decoded);
      } else {
        const hopeful =
          !malformedLately.has(table) &&
          // Whatever it fails of, the careful statement says it.
          (await copyRows([fastRows(fast!.layers(linesRelation(), "hopeful")), ...decoded]).then(
            () => true,
            () => false,
          ));
        if (!hopeful) await copyRows([fastRows(layers), ...decoded]);
        if (!hopeful && rows - decodedFirst < lines) malformedLately.add(table);
        else malformedLately.delete(table);
      }
      let fastFiltered = 0;
      if (layers !== undefined && rows - decodedFirst < lines) {
        fastFiltered = await secondLook(session, layers);
        if (referenceRows > decodedFirst) {
          const before = rows === 0 ? [] : [`SELECT * FROM read_parquet(${sqlText(rowsPath)})`];
          const firstPath = rowsPath;
          rowsPath = join(directory, "rows-2.parquet");
          await copyRows([...before, decodedRows()]);
          await disk.remove(firstPath);
        }
      }
      const split = rows === 0 ? undefined : await splitRows(session, table, rowsPath, rows, directory);
      if (split?.overflow !== undefined) rows -= await buryOverflow(session, split.overflow);
      await files.close();
      const filteredFile = await writeFiltered(session, layers, fastFiltered);
      return {
        records,
        bytes,
        rows,
        rowsFiles: split?.files ?? [],
        dead,
        deadFile: files.find(DEAD_JSON)?.path,
        filtered: filtered + fastFiltered,
        filteredFile,
      };
    });
  }

  /** Lines that the fast path did not take: those that `where` turned away are counted, the rest decoded by the reference. */
  async function secondLook(session: EngineSession, layers: string): Promise<number> {
    const wanted = new WantedRecords();
    await session.read(
      `SELECT sid::VARCHAR, q::DOUBLE FROM ${layers} WHERE (${fast!.isRow}) IS NOT TRUE AND (${fast!.isFiltered}) IS NOT TRUE`,
      (chunk) => {
        for (const [shard, sequence] of chunk) wanted.add(String(shard), Number(sequence));
      },
    );
    // A file of its own: the first one's rows are in the Parquet file already.
    rowsSpool = SECOND_ROWS;
    await forEachWanted(wanted, decode);
    await files.close();
    if (fast!.isFiltered === "FALSE") return 0;
    return session.run(`SELECT count(*)::DOUBLE FROM ${layers} WHERE ${fast!.isFiltered}`);
  }

  async function forEachWanted(
    wanted: WantedRecords,
    visit: (stream: string, shard: number, record: StreamRecord) => Promise<void>,
  ): Promise<void> {
    if (wanted.count === 0) return;
    for await (const { stream, block } of options.source()) {
      const name = shardNameOf(table.sources, stream, block.shard);
      if (!wanted.anyIn(name, block.firstSequence, block.firstSequence + block.count - 1)) continue;
      for (const record of block.records()) {
        if (wanted.has(name, record.sequence)) await visit(stream, block.shard, record);
      }
    }
  }

  /** Rows of partitions beyond the limit become dead letters: they are in the rows file that was split, and in no object. */
  async function buryOverflow(session: EngineSession, overflow: string): Promise<number> {
    const rowIndexes = new Map<string, number[]>();
    const wanted = new WantedRecords();
    let count = 0;
    await session.read(overflow, (chunk) => {
      for (const [shard, sequence, rowIndex] of chunk) {
        const key = `${String(shard)}/${Number(sequence)}`;
        const indexes = rowIndexes.get(key);
        if (indexes === undefined) rowIndexes.set(key, [Number(rowIndex)]);
        else indexes.push(Number(rowIndex));
        wanted.add(String(shard), Number(sequence));
        count++;
      }
    });
    const columns = table.deliver.partitionBy.map(({ name }) => name).join(", ");
    const fault: RowFault = {
      code: "too-many-partitions",
      column: null,
      message: `the flush has more than ${PARTITIONS_MAX} partitions of ${columns}, and this row's is one of the emptiest`,
    };
    await forEachWanted(wanted, async (stream, shard, record) => {
      const indexes = rowIndexes.get(`${shardNameOf(table.sources, stream, shard)}/${record.sequence}`) ?? [];
      for (const rowIndex of indexes.sort((a, b) => a - b)) await writeDead(stream, shard, record, rowIndex, fault);
    });
    return count;
  }

  async function writeFiltered(
    session: EngineSession,
    layers: string | undefined,
    fastFiltered: number,
  ): Promise<string | undefined> {
    if (filtered + fastFiltered === 0) return undefined;
    const path = join(directory, "filtered.parquet");
    const selects: string[] = [];
    if (layers !== undefined && fastFiltered > 0) {
      selects.push(
        `SELECT sid AS _shard_id, q AS _sequence_number, 0::INTEGER AS _row_index FROM ${layers} WHERE ${fast!.isFiltered}`,
      );
    }
    const spool = files.find(FILTERED_NDJSON);
    if (spool !== undefined && filtered > 0) {
      selects.push(
        `SELECT s::${shardEnum()} AS _shard_id, q AS _sequence_number, i AS _row_index FROM read_json(${sqlText(spool.path)},
          format = 'newline_delimited', columns = {s: 'VARCHAR', q: 'BIGINT', i: 'INTEGER'})`,
      );
    }
    await session.run(
      `COPY (${selects.join(" UNION ALL ")}) TO ${sqlText(path)} ${parquetOptions({ compression: "zstd" }, 3)}`,
    );
    return path;
  }

  return {
    get bytes() {
      return bytes;
    },
    get records() {
      return records;
    },
    add,
    finish,
    abandon: () => files.close(),
  };
}

/** Identities of records to fetch again; sixteen bytes or so each, since a whole flush may need it. */
class WantedRecords {
  count = 0;
  private readonly shards = new Map<string, { readonly sequences: Set<number>; first: number; last: number }>();

  add(shard: string, sequence: number): void {
    let known = this.shards.get(shard);
    if (known === undefined) {
      known = { sequences: new Set(), first: sequence, last: sequence };
      this.shards.set(shard, known);
    }
    known.sequences.add(sequence);
    known.first = Math.min(known.first, sequence);
    known.last = Math.max(known.last, sequence);
    this.count++;
  }

  anyIn(shard: string, first: number, last: number): boolean {
    const known = this.shards.get(shard);
    return known !== undefined && known.first <= last && known.last >= first;
  }

  has(shard: string, sequence: number): boolean {
    return this.shards.get(shard)?.sequences.has(sequence) === true;
  }
}

/** The whole of it at once: for replays and redrives, which have no flush log. */
export async function convertRecords(options: ConversionOptions): Promise<ConversionResult> {
  const conversion = openConversion(options);
  try {
    for await (const { stream, block } of options.source()) await conversion.add(stream, block);
    await options.decided;
    return await conversion.finish();
  } finally {
    await conversion.abandon();
  }
}
