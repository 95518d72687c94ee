/** From the lake into the temporary table: one COPY a source, and which source each row came from. */
import type { CopySource, LoadGiven } from "./load-given.js";
import { mustBeZero, name, OBJECTS, STAGE, type Step, text } from "./steps.js";

export interface StageColumn {
  readonly name: string;
  readonly type: string;
}

export interface StageShape {
  readonly columns: readonly StageColumn[];
  /** How COPY reads them from JSON. */
  readonly json: string;
}

export function copySteps(given: LoadGiven, shape: StageShape): Step[] {
  const { columns } = shape;
  const last = given.sources.length;
  const copies = given.sources.flatMap((source, index): Step[] => [
    { kind: "copy", sql: copyText(source, shape, given.iamRole) },
    // The last one's rows keep their NULL, which `sourceOf` reads.
    ...(index + 1 === last ? [] : [mark(index + 1)]),
  ]);
  const staged = `SELECT ${sourceOf(given)} AS source, COUNT(*) AS n FROM ${STAGE} s GROUP BY 1`;
  const expected = `SELECT source, SUM(expected) AS n FROM ${OBJECTS} WHERE expected IS NOT NULL GROUP BY source`;
  const list = columns.map((column) => `${name(column.name)} ${column.type}`);
  return [
    { kind: "rows", sql: `CREATE TEMP TABLE ${STAGE} (${[...list, "penstock_source INTEGER"].join(", ")})` },
    ...copies,
    mustBeZero(
      "count",
      `SELECT COUNT(*) AS n FROM (${expected}) e LEFT JOIN (${staged}) c ON c.source = e.source WHERE NVL(c.n, 0) <> e.n`,
    ),
  ];
}

/** The number, from 1, of the source that a staged row came from. */
export function sourceOf({ sources }: Pick<LoadGiven, "sources">): string {
  return `NVL(s.penstock_source, ${sources.length})`;
}

function mark(source: number): Step {
  return { kind: "rows", sql: `UPDATE ${STAGE} SET penstock_source = ${source} WHERE penstock_source IS NULL` };
}

function copyText(source: CopySource, { columns, json }: StageShape, iamRole: string): string {
  const own = columns.slice(0, source.columns ?? columns.length).map((column) => name(column.name));
  const role = iamRole === "default" ? "default" : text(iamRole);
  const compression = source.compression === undefined ? "" : ` ${source.compression.toUpperCase()}`;
  const format = source.format === "parquet" ? "PARQUET" : `${json}${compression}`;
  return `COPY ${STAGE} (${own.join(", ")}) FROM ${text(source.manifestUrl)} IAM_ROLE ${role} FORMAT AS ${format} MANIFEST`;
}

export interface ManifestObject {
  readonly key: string;
  readonly sizeBytes: number;
}

/** Every object must be there, with exactly these bytes: by a prefix, COPY would take whatever begins alike. */
export function manifestText(bucket: string, objects: readonly ManifestObject[]): string {
  return JSON.stringify({
    entries: objects.map(({ key, sizeBytes }) => ({
      url: `s3://${bucket}/${key}`,
      mandatory: true,
      meta: { content_length: sizeBytes },
    })),
  });
}
