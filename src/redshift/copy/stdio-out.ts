/** COPY ... TO STDOUT: a table's or a query's rows as lines. */
import type { SqlColumn, SqlValue } from "../database.js";
import { chunkRows } from "../engine/column-values.js";
import { rowStream } from "../engine/row-stream.js";
import type { Outcome, StatementRun } from "../engine/statement-run.js";
import { GREENWICH, zoneOffset } from "../engine/time-zone.js";
import { stdioLine } from "./stdio-lines.js";
import type { StdioOptions } from "./stdio-options.js";

export interface BoundOut {
  readonly sql: string;
  readonly columns: readonly SqlColumn[];
}

export async function copyOut(bound: BoundOut, options: StdioOptions, run: StatementRun<unknown>): Promise<Outcome> {
  const { connection, limit, core } = run;
  const result = await connection.stream(bound.sql, run.parameters, limit);
  const stream = rowStream({ connection, result, limit, aside: () => core.shared.connect() });
  const zone = zoneOffset(core.settings.get("timezone") ?? "UTC") ?? GREENWICH;
  const forced = bound.columns.map(({ name }) => options.forceQuote.includes("*") || options.forceQuote.includes(name));
  let rows = 0;

  async function* lines(): AsyncIterable<readonly (readonly SqlValue[])[]> {
    try {
      if (options.header)
        yield [
          [
            stdioLine(
              bound.columns.map(({ name }) => name),
              options,
              [],
            ),
          ],
        ];
      for (let chunk = await stream.next(); chunk !== undefined; chunk = await stream.next()) {
        rows += chunk.rowCount;
        yield chunkRows(chunk, bound.columns, zone).map((row) => [stdioLine(row.map(textOf), options, forced)]);
      }
    } finally {
      await stream.close();
    }
  }
  return {
    tag: () => `COPY ${rows}`,
    columns: [{ name: "line", type: { kind: "text" } }],
    chunks: lines(),
    copyOut: { format: options.format, columns: bound.columns.length },
  };
}

function textOf(value: SqlValue): string | null {
  if (value === null) return null;
  if (typeof value === "boolean") return value ? "t" : "f";
  if (typeof value === "number" && !Number.isFinite(value))
    return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return `{${value.map((one) => textOf(one as SqlValue) ?? "NULL").join(",")}}`;
  return String(value);
}
