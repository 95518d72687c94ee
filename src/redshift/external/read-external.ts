/** How DuckDB reads an external table now: the objects that are there, cut by their partitions so that conditions on these pass others by. */
import type { Bucket, Buckets } from "../../lake/buckets.js";
import type { RelationColumn, RelationInfo } from "../binder/bound.js";
import type { StoredColumn, StoredRelation } from "../catalog/stored.js";
import { conversionOf } from "../copy/convert.js";
import { bucketOf, s3Url } from "../copy/source.js";
import { quotedName, textLiteral } from "../sql-text.js";
import { duckDbType } from "../types-duckdb.js";
import { type StoredExternal, storedExternal } from "./stored-external.js";

export interface ExternalReader {
  readonly buckets: Buckets;
  /** Columns that a Parquet file has, lower case. */
  fileColumns(path: string): Promise<ReadonlyMap<string, string>>;
}

interface ExternalObject {
  readonly url: string;
  readonly path: string;
  readonly sizeBytes: number;
}

/** Objects of one partition. */
interface Part {
  /** By the order of the partition columns. */
  readonly values: readonly (string | null)[];
  readonly objects: readonly ExternalObject[];
}

const PATH = "_penstock_path";

export async function externalRelation(relation: StoredRelation, reader: ExternalReader): Promise<RelationInfo> {
  const external = storedExternal(relation);
  const columns: RelationColumn[] = relation.columns.map(({ name, type, position }) => ({
    name,
    type,
    nullable: true,
    position,
  }));
  const last = relation.columns.length;
  const parts = (await partsOf(external, reader.buckets)).filter(({ objects }) => objects.length > 0);
  const selects: string[] = [];
  for (const part of parts) selects.push(await selectOf(relation.columns, external, part, reader));
  const from = selects.length === 0 ? noRows(relation.columns) : selects.join(" UNION ALL ");
  return {
    oid: relation.oid,
    schema: relation.schema,
    name: relation.name,
    kind: "external-table",
    owner: relation.owner,
    columns: [
      ...columns,
      { name: "$path", type: { kind: "varchar", length: 1024 }, nullable: false, position: last + 1, hidden: true },
      { name: "$size", type: { kind: "bigint" }, nullable: false, position: last + 2, hidden: true },
    ],
    from: `(${from})`,
    writable: false,
    partitionColumns: external.partitionColumns,
    objects: parts.reduce((sum, { objects }) => sum + objects.length, 0),
    partitions: parts.length,
  };
}

async function partsOf(external: StoredExternal, buckets: Buckets): Promise<Part[]> {
  const { lakeTable, partitionColumns, partitions } = external;
  if (lakeTable !== undefined) return lakeParts(external, lakeTable, buckets);
  if (partitionColumns.length === 0) return [{ values: [], objects: await objectsOf(buckets, external.location) }];
  const parts: Part[] = [];
  for (const { values, location } of partitions ?? [])
    parts.push({ values, objects: await objectsOf(buckets, location) });
  return parts;
}

/** Delivery names an object `<table>-<flush>-v<version>-...`; those of one version have the same columns. */
async function lakeParts(external: StoredExternal, table: string, buckets: Buckets): Promise<Part[]> {
  const groups = new Map<string, { values: (string | null)[]; objects: ExternalObject[] }>();
  const own = new RegExp(`^${table}-\\d+-v(\\d+)-[^/]*\\.parquet$`);
  for (const object of await objectsOf(buckets, external.location)) {
    const segments = object.url.split("/");
    const version = own.exec(segments.at(-1) ?? "")?.[1];
    if (version === undefined) continue;
    const values = external.partitionColumns.map((name) => {
      const found = segments.find((segment) => segment.startsWith(`${name}=`));
      return found === undefined ? null : decodeURIComponent(found.slice(name.length + 1));
    });
    const key = JSON.stringify([version, values]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { values, objects: [object] });
    else group.objects.push(object);
  }
  return [...groups.values()];
}

async function objectsOf(buckets: Buckets, location: string): Promise<ExternalObject[]> {
  const { bucket: name, key: prefix } = s3Url(location);
  const bucket: Bucket = bucketOf(buckets, name);
  const objects: ExternalObject[] = [];
  for (const { key, sizeBytes } of await bucket.list(prefix)) {
    // Spectrum passes by what begins with a mark of being hidden.
    const own = key.slice(key.lastIndexOf("/") + 1);
    if (own === "" || own.startsWith("_") || own.startsWith(".") || sizeBytes === 0) continue;
    const path = await bucket.localPath(key);
    if (path !== undefined) objects.push({ url: `s3://${name}/${key}`, path, sizeBytes });
  }
  return objects;
}

async function selectOf(
  columns: readonly StoredColumn[],
  external: StoredExternal,
  { values, objects }: Part,
  reader: ExternalReader,
): Promise<string> {
  const { format, partitionColumns } = external;
  const isPartition = (name: string) => partitionColumns.includes(name);
  const own = columns.filter(({ name }) => !isPartition(name));
  const list = `[${objects.map(({ path }) => textLiteral(path)).join(", ")}]`;
  const more = `hive_partitioning = false, filename = ${textLiteral(PATH)}`;
  let from: string;
  let item: (column: StoredColumn, index: number) => string;
  if (format.kind === "parquet") {
    const there = await reader.fileColumns(objects[0]!.path);
    from = `read_parquet(${list}, union_by_name = false, ${more})`;
    item = (column) => {
      const name = there.get(column.name.toLowerCase());
      const type = duckDbType(column.type);
      return name === undefined ? `CAST(NULL AS ${type})` : `CAST(${quotedName(name)} AS ${type})`;
    };
  } else if (format.kind === "json") {
    from = `read_json_objects(${list}, format = 'unstructured', ${more})`;
    item = (column) => {
      const path = textLiteral(`$."${column.name.replaceAll('"', '\\"')}"`);
      return column.type.kind === "super"
        ? `json_extract(json, ${path})`
        : textValue(column, `json_extract_string(json, ${path})`);
    };
  } else {
    const texts = own.map((_, index) => `'c${index + 1}': 'VARCHAR'`).join(", ");
    from = `read_csv(${list}, auto_detect = false, header = false, skip = ${format.skip}, delim = ${textLiteral(format.delimiter)}, quote = ${textLiteral(format.quote)},
      escape = ${textLiteral(format.quote)}, nullstr = chr(2), null_padding = true, ignore_errors = true, strict_mode = false, columns = {${texts}}, ${more})`;
    item = (column, index) => textValue(column, `nullif(c${index + 1}, ${textLiteral(format.nullText)})`);
  }
  const items = columns.map((column) => {
    const at = partitionColumns.indexOf(column.name);
    const value = at === -1 ? item(column, own.indexOf(column)) : partitionValue(column, values[at] ?? null);
    return `${value} AS ${quotedName(column.name)}`;
  });
  const urls = `MAP(${list}, [${objects.map(({ url }) => textLiteral(url)).join(", ")}])`;
  const sizes = `MAP(${list}, [${objects.map(({ sizeBytes }) => `${sizeBytes}::BIGINT`).join(", ")}])`;
  return `SELECT ${items.join(", ")}, ${urls}[${PATH}] AS "$path", ${sizes}[${PATH}] AS "$size" FROM ${from}`;
}

/** What is no value of the column's is NULL, as Spectrum reads texts. */
function textValue(column: StoredColumn, sql: string): string {
  const how = {
    nullText: "\\N",
    emptyAsNull: false,
    blanksAsNull: false,
    trimBlanks: false,
    truncateColumns: true,
    roundDecimals: false,
    acceptAnyDate: false,
    invalidCharacter: "?",
    dateFormat: undefined,
    timeFormat: "auto",
  } as const;
  return conversionOf({ name: column.name, type: column.type, nullable: true, position: column.position }, sql, how)
    .value;
}

/** A constant, so that the engine sees at once which parts a condition leaves. */
function partitionValue(column: StoredColumn, value: string | null): string {
  const type = duckDbType(column.type);
  return value === null || value === "__HIVE_DEFAULT_PARTITION__"
    ? `CAST(NULL AS ${type})`
    : `CAST(${textLiteral(value)} AS ${type})`;
}

function noRows(columns: readonly StoredColumn[]): string {
  const items = columns.map(({ name, type }) => `CAST(NULL AS ${duckDbType(type)}) AS ${quotedName(name)}`);
  return `SELECT ${items.join(", ")}, '' AS "$path", 0::BIGINT AS "$size" WHERE FALSE`;
}
