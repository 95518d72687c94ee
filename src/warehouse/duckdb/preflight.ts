import { PenstockError } from "../../core/errors.js";
import { METADATA_COLUMNS, type TableModel } from "../../definition/model.js";
import { mappingOf } from "../../definition/types.js";
import type { WarehouseColumn } from "../warehouse.js";
import { catalogType, METADATA_TYPES, wantedColumns } from "./apply-table.js";
import type { LocalObject, SourceGroup } from "./lake-source.js";
import type { Session } from "./session.js";
import { identifier, pathList } from "./sql-text.js";

/** What the objects' own footers say, before a row is read. */
export interface Preflight {
  readonly groups: readonly SourceGroup[];
  readonly oldestArrivalMs: number | undefined;
}

interface FooterColumn {
  readonly name: string;
  readonly type: string;
}

/** The table in the warehouse must have all of the model's columns; a failure is nobody's object's fault. */
export function checkTarget(table: TableModel, target: string, present: readonly WarehouseColumn[] | undefined): void {
  if (present === undefined) {
    throw new PenstockError("incompatible-schema", `The table "${target}" is not in the warehouse.`, {
      hint: "It was dropped, or never made; the next `penstock up` makes it, and what waits is loaded then.",
    });
  }
  for (const column of wantedColumns(table)) {
    const has = present.find((candidate) => candidate.name === column.name);
    if (has?.type === column.type) continue;
    const alter = `ALTER TABLE ${identifier(target)} ${has ? `ALTER COLUMN ${identifier(column.name)} TYPE` : `ADD COLUMN ${identifier(column.name)}`} ${column.type}`;
    throw new PenstockError(
      "incompatible-schema",
      has
        ? `Column "${column.name}" of the table "${target}" is ${has.type}; the definition says ${column.declared}.`
        : `The table "${target}" in the warehouse has no column "${column.name}", which the definition has.`,
      { hint: `Somebody altered the table. Take it back by: ${alter};` },
    );
  }
}

/** Compares Parquet footers with the table, in plain words, and groups the objects by what they have. */
export async function preflight(
  session: Session,
  table: TableModel,
  target: string,
  objects: readonly LocalObject[],
): Promise<Preflight> {
  const parquet = objects.filter((object) => object.format === "parquet");
  const groups = new Map<string, SourceGroup & { readonly objects: LocalObject[] }>();
  const place = (object: LocalObject, columns: number) => {
    const name = `${object.format} ${columns}`;
    const group = groups.get(name) ?? { format: object.format, columns, objects: [] };
    group.objects.push(object);
    groups.set(name, group);
  };
  const all = METADATA_COLUMNS.length + table.columns.length;
  for (const object of objects) if (object.format !== "parquet") place(object, all);
  let oldestArrivalMs: number | undefined;
  if (parquet.length > 0) {
    const footers = await readFooters(session, parquet);
    for (const object of parquet) {
      const footer = footers.columns.get(object.path) ?? [];
      checkFooter(table, target, object, footer);
      checkRowCount(object, footers.rows.get(object.path) ?? 0);
      place(object, footer.length);
    }
    oldestArrivalMs = footers.oldestArrivalMs;
  }
  return { oldestArrivalMs, groups: [...groups.values()] };
}

async function readFooters(session: Session, objects: readonly LocalObject[]) {
  const paths = pathList(objects.map((object) => object.path));
  const columns = new Map<string, FooterColumn[]>();
  // Top-level columns only: each is counted by its way from the root, which for the tables made here is one step.
  const schema = await session.run(
    `SELECT file_name, name, duckdb_type FROM parquet_schema(${paths}) WHERE column_id > 0 ORDER BY file_name, column_id`,
  );
  for (const [file, name, type] of await schema.getRows()) {
    const list = columns.get(String(file)) ?? [];
    list.push({ name: String(name), type: catalogType(String(type)) });
    columns.set(String(file), list);
  }
  const counts = await session.run(`SELECT file_name, num_rows FROM parquet_file_metadata(${paths})`);
  const rows = new Map((await counts.getRows()).map(([file, count]) => [String(file), Number(count)]));
  const oldest = await session.run(
    `SELECT epoch_ms(min(TRY_CAST(stats_min_value AS TIMESTAMPTZ))) FROM parquet_metadata(${paths}) WHERE path_in_schema = '_arrived_at'`,
  );
  const oldestMs = (await oldest.getRows())[0]?.[0];
  return { columns, rows, oldestArrivalMs: oldestMs === null || oldestMs === undefined ? undefined : Number(oldestMs) };
}

/** By position, as Redshift's COPY from Parquet does it; the names must agree too, so that no value lands in another's column. */
function checkFooter(table: TableModel, target: string, object: LocalObject, footer: readonly FooterColumn[]): void {
  const wanted: FooterColumn[] = [
    ...METADATA_COLUMNS.map((name) => ({ name, type: METADATA_TYPES[name] })),
    ...table.columns.map((column) => ({ name: column.name, type: catalogType(mappingOf(column.type).lake) })),
  ];
  const refuse = (what: string) => {
    throw new PenstockError("load-failed", `The object ${object.key} does not fit the table "${target}": ${what}.`, {
      hint: `It was written by version ${object.schemaVersion} of the definition. Replay its range from the stream to write it anew.`,
    });
  };
  if (footer.length > wanted.length) {
    const extra = footer.slice(wanted.length).map((column) => `"${column.name}"`);
    refuse(`it has ${footer.length} columns, the table ${wanted.length}; too many are ${extra.join(", ")}`);
  }
  if (footer.length < METADATA_COLUMNS.length)
    refuse(`it has ${footer.length} columns, not even the ${METADATA_COLUMNS.length} that name a row`);
  footer.forEach((has, index) => {
    const want = wanted[index] as FooterColumn;
    if (has.name !== want.name) {
      refuse(
        `its column ${index + 1} is "${has.name}" (${has.type}), the table has "${want.name}" (${want.type}) there`,
      );
    }
    if (has.type !== want.type && !(want.type === "VARCHAR" && has.type === "JSON")) {
      refuse(`its column "${has.name}" is ${has.type}, the table's is ${want.type}`);
    }
  });
}

export function checkRowCount(object: LocalObject, rows: number): void {
  if (rows === object.rows) return;
  throw new PenstockError(
    "load-failed",
    `The object ${object.key} holds ${rows} rows; when it was delivered it had ${object.rows}.`,
    { hint: "The object was changed or cut after delivery. Replay its range from the stream to write it anew." },
  );
}
