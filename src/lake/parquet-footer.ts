/**
 * What a Parquet file says of itself at its end: how many rows it has, and which columns. The file ends with
 *
 *     metadata (Thrift's compact protocol) | its length, 4 bytes little-endian | "PAR1"
 *
 * Only what is asked for is kept; everything else is stepped over.
 */
import { PenstockError } from "../core/errors.js";

export interface ParquetFooter {
  readonly rows: number;
  /** Top-level columns, in order. */
  readonly columns: readonly ParquetColumn[];
}

export interface ParquetColumn {
  readonly name: string;
  readonly physical: PhysicalType | "group";
}

const PHYSICAL_TYPES = [
  "boolean",
  "int32",
  "int64",
  "int96",
  "float",
  "double",
  "byte-array",
  "fixed-byte-array",
] as const;
export type PhysicalType = (typeof PHYSICAL_TYPES)[number];

const TAIL_BYTES = 8;
const MAGIC = "PAR1";

/** How many of the file's last bytes hold the footer, told by the last eight. */
export function footerBytes(tail: Uint8Array, sizeBytes: number): number {
  const end = Buffer.from(tail.buffer, tail.byteOffset, tail.byteLength);
  if (end.length < TAIL_BYTES || end.toString("latin1", end.length - 4) !== MAGIC)
    throw noParquet("it does not end as one");
  const length = end.readUInt32LE(end.length - TAIL_BYTES) + TAIL_BYTES;
  if (length > sizeBytes - MAGIC.length) throw noParquet(`its footer would have ${length} bytes`);
  return length;
}

/** Of the last bytes of a file, at least `footerBytes` of them. */
export function readFooter(end: Uint8Array): ParquetFooter {
  const length = footerBytes(end, Number.MAX_SAFE_INTEGER);
  const reader = compactReader(Buffer.from(end.buffer, end.byteOffset + end.byteLength - length, length - TAIL_BYTES));
  let rows = 0;
  let elements: readonly SchemaElement[] = [];
  reader.struct((field, type) => {
    if (field === 2) elements = reader.list(() => schemaElement(reader));
    else if (field === 3) rows = reader.integer();
    else reader.skip(type);
  });
  const columns: ParquetColumn[] = [];
  // The root, then its children, each with all below it.
  let at = 1;
  for (let left = elements[0]?.children ?? 0; left > 0; left--) {
    const element = elements[at];
    if (element === undefined) throw noParquet("its schema is cut off");
    columns.push({
      name: element.name,
      physical: element.children > 0 ? "group" : (PHYSICAL_TYPES[element.type] ?? "group"),
    });
    at = behind(elements, at);
  }
  return { rows, columns };
}

interface SchemaElement {
  readonly type: number;
  readonly name: string;
  readonly children: number;
}

function schemaElement(reader: CompactReader): SchemaElement {
  let [type, name, children] = [-1, "", 0];
  reader.struct((field, kind) => {
    if (field === 1) type = reader.integer();
    else if (field === 4) name = reader.text();
    else if (field === 5) children = reader.integer();
    else reader.skip(kind);
  });
  return { type, name, children };
}

/** The place behind an element and all below it. */
function behind(elements: readonly SchemaElement[], start: number): number {
  let at = start;
  for (let open = 1; open > 0; open--) open += elements[at++]?.children ?? 0;
  return at;
}

function noParquet(why: string): PenstockError {
  return new PenstockError("load-failed", `The object is no Parquet file: ${why}.`);
}

/** Thrift's compact protocol, as far as Parquet's metadata uses it. */
interface CompactReader {
  /** Calls back with each field's id and type; the field must be read or skipped. */
  struct(field: (id: number, type: number) => void): void;
  list<T>(item: () => T): T[];
  integer(): number;
  text(): string;
  skip(type: number): void;
}

/** Its numbers of types. A boolean field has its value in its type, and no bytes. */
const [STOP, TRUE, FALSE, BYTE, DOUBLE, BINARY, LIST, SET, MAP, STRUCT] = [0, 1, 2, 3, 7, 8, 9, 10, 11, 12];

function compactReader(bytes: Buffer): CompactReader {
  let at = 0;
  const byte = (): number => {
    const value = bytes[at++];
    if (value === undefined) throw noParquet("its footer is cut off");
    return value;
  };
  const unsigned = (): number => {
    let [value, scale] = [0, 1];
    for (;;) {
      const part = byte();
      value += (part & 0x7f) * scale;
      if (part < 0x80) return value;
      scale *= 128;
    }
  };
  /** Counts past 2^53 would be wrong, and no file has as many rows. */
  const integer = (): number => {
    const value = unsigned();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  };
  const step = (count: number): void => {
    at += count;
    if (at > bytes.length) throw noParquet("its footer is cut off");
  };
  const items = (): { readonly type: number; readonly count: number } => {
    const head = byte();
    return { type: head & 0x0f, count: head >> 4 === 15 ? unsigned() : head >> 4 };
  };
  const struct = (field: (id: number, type: number) => void): void => {
    let id = 0;
    for (;;) {
      const head = byte();
      const type = head & 0x0f;
      if (type === STOP) return;
      const delta = head >> 4;
      id = delta === 0 ? integer() : id + delta;
      field(id, type);
    }
  };
  const skip = (type: number, inList = false): void => {
    if (type === TRUE || type === FALSE) step(inList ? 1 : 0);
    else if (type === BYTE) step(1);
    else if (type === DOUBLE) step(8);
    else if (type === BINARY) step(unsigned());
    else if (type === STRUCT) struct((_, kind) => skip(kind));
    else if (type === LIST || type === SET) {
      const { type: kind, count } = items();
      for (let left = count; left > 0; left--) skip(kind, true);
    } else if (type === MAP) {
      const count = unsigned();
      if (count === 0) return;
      const kinds = byte();
      for (let left = count; left > 0; left--) {
        skip(kinds >> 4, true);
        skip(kinds & 0x0f, true);
      }
    } else integer();
  };
  return {
    struct,
    integer,
    skip,
    list: (item) => {
      const { count } = items();
      // Each item takes a byte at least.
      if (count > bytes.length - at) throw noParquet("its footer is cut off");
      return Array.from({ length: count }, item);
    },
    text: () => {
      const length = unsigned();
      const start = at;
      step(length);
      return bytes.toString("utf8", start, at);
    },
  };
}
