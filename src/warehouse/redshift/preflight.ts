/** Looks at the objects' footers before anything is asked of the warehouse: what cannot be loaded is known by its name, and its size is read by nobody. */
import type { Readable } from "node:stream";
import { isPenstockError, messageOf, PenstockError } from "../../core/errors.js";
import { type ColumnType, METADATA_COLUMNS, type TableModel } from "../../definition/model.js";
import type { ObjectStore } from "../../lake/object-store.js";
import { footerBytes, type ParquetColumn, type ParquetFooter, readFooter } from "../../lake/parquet-footer.js";
import { formatOf, type SourceObject } from "./sources.js";
import type { LoadObject, RedshiftPlace } from "./steps.js";

/** One request brings the footer of nearly every file. */
const END_BYTES = 64 * 1024;
const REQUESTS_AT_ONCE = 8;

/** In order. `load-failed` names the first object that does not fit; `not-found` one that is not there. */
export async function preflight(
  lake: Pick<ObjectStore, "get">,
  table: TableModel,
  objects: readonly LoadObject[],
  place: RedshiftPlace,
): Promise<SourceObject[]> {
  const looked: SourceObject[] = [];
  for (let first = 0; first < objects.length; first += REQUESTS_AT_ONCE) {
    const some = objects.slice(first, first + REQUESTS_AT_ONCE);
    looked.push(...(await Promise.all(some.map((object) => look(lake, table, object, place)))));
  }
  return looked;
}

async function look(
  lake: Pick<ObjectStore, "get">,
  table: TableModel,
  object: LoadObject,
  place: RedshiftPlace,
): Promise<SourceObject> {
  if (object.kind === "dead" || formatOf(object, table).format !== "parquet") return { object };
  const footer = await footerOf(lake, object);
  checkFooter(table, object, footer, place);
  return { object: { ...object, rows: footer.rows }, columns: footer.columns.length };
}

async function footerOf(lake: Pick<ObjectStore, "get">, { key, sizeBytes }: LoadObject): Promise<ParquetFooter> {
  const last = async (bytes: number) =>
    bytesOf(await lake.get(key, { first: Math.max(0, sizeBytes - bytes), last: Math.max(0, sizeBytes - 1) }));
  try {
    // No range can be asked of nothing.
    if (sizeBytes === 0) throw new PenstockError("load-failed", "it is empty.");
    const end = await last(END_BYTES);
    const needed = footerBytes(end, sizeBytes);
    return readFooter(needed <= end.length ? end : await last(needed));
  } catch (error) {
    if (!isPenstockError(error, "load-failed")) throw error;
    throw new PenstockError("load-failed", `The object ${key} cannot be loaded: ${messageOf(error)}`, {
      cause: error,
      hint: "The object was changed or cut after delivery. Replay its range from the stream to write it anew.",
    });
  }
}

async function bytesOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** By position, as COPY takes them; the names must agree too, so that no value lands in another's column. */
export function checkFooter(
  table: TableModel,
  object: LoadObject,
  footer: ParquetFooter,
  place: Pick<RedshiftPlace, "sequence">,
): void {
  const wanted = [
    ...METADATA_COLUMNS.map((name) => ({ name, physical: metadataTypes(name, place) })),
    ...table.columns.map(({ name, type }) => ({ name, physical: physicalTypes(type) })),
  ];
  const refuse = (what: string) => {
    throw new PenstockError(
      "load-failed",
      `The object ${object.key} does not fit the table "${table.name}": ${what}.`,
      {
        hint: `It was written by version ${object.schemaVersion} of the definition. Replay its range from the stream to write it anew.`,
      },
    );
  };
  const { columns, rows } = footer;
  if (columns.length > wanted.length) {
    const extra = columns.slice(wanted.length).map(({ name }) => `"${name}"`);
    refuse(`it has ${columns.length} columns, the table ${wanted.length}; too many are ${extra.join(", ")}`);
  }
  if (columns.length < METADATA_COLUMNS.length) {
    refuse(`it has ${columns.length} columns, not even the ${METADATA_COLUMNS.length} that name a row`);
  }
  columns.forEach((has, index) => {
    const want = wanted[index]!;
    if (has.name.toLowerCase() !== want.name) {
      refuse(`its column ${index + 1} is "${has.name}" (${has.physical}), the table has "${want.name}" there`);
    }
    if (!want.physical.includes(has.physical)) {
      refuse(`its column "${has.name}" is ${has.physical}, and the table's would be ${want.physical.join(" or ")}`);
    }
  });
  if (object.rows !== undefined && rows !== object.rows) {
    throw new PenstockError(
      "load-failed",
      `The object ${object.key} holds ${rows} rows; when it was delivered it had ${object.rows}.`,
      { hint: "The object was changed or cut after delivery. Replay its range from the stream to write it anew." },
    );
  }
}

type Physical = ParquetColumn["physical"];

function metadataTypes(name: (typeof METADATA_COLUMNS)[number], place: Pick<RedshiftPlace, "sequence">): Physical[] {
  const dense = place.sequence === "dense";
  if (name === "_shard_id") return ["byte-array"];
  if (name === "_sequence_number") return [dense ? "int64" : "byte-array"];
  if (name === "_row_index") return [dense ? "int32" : "int64"];
  return TIMES;
}

/** Hive's writers, Firehose's among them, still write times as INT96. */
const TIMES: Physical[] = ["int64", "int96"];

function physicalTypes(type: ColumnType): Physical[] {
  switch (type.kind) {
    case "smallint":
    case "integer":
    case "date":
      return ["int32"];
    case "bigint":
      return ["int64"];
    case "decimal":
      return ["int32", "int64", "fixed-byte-array", "byte-array"];
    case "real":
      return ["float"];
    case "double":
      return ["double"];
    case "boolean":
      return ["boolean"];
    case "timestamp":
    case "timestamptz":
      return TIMES;
    default:
      return ["byte-array"];
  }
}
