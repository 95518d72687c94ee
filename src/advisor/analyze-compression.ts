/** ANALYZE COMPRESSION: which encoding would do best for each column of a table, by a sample of its rows. Nothing is changed. */

import { duckDbName, relationInfo } from "../redshift/catalog/relation-info.js";
import type { StoredColumn, StoredRelation } from "../redshift/catalog/stored.js";
import type { SqlColumn, SqlValue } from "../redshift/database.js";
import { checkKind, isSystemSchema, requireRelation } from "../redshift/engine/ddl/catalog-work.js";
import { missingColumn } from "../redshift/engine/ddl/rename.js";
import { type StatementHandler, type StatementRun, textColumn } from "../redshift/engine/statement-run.js";
import { SQL_STATE, SqlError } from "../redshift/sql-error.js";
import type { AnalyzeCompression } from "../redshift/syntax/ast.js";
import { chooseEncoding, flattered, type MeasureTools, measureColumn } from "./measure.js";
import { countRows, readColumn, type SampleReader, tableSample, withinMemory } from "./read-sample.js";

/** Source: "ANALYZE COMPRESSION": what it samples of each slice unless told, and at least. Here there is one slice. */
const COMPROWS_DEFAULT = 100_000;
/** Source: the same, "the accepted range for numrows". */
const COMPROWS_MIN = 1_000;
const COMPROWS_MAX = 1_000_000_000;
/** Held in memory, a column at a time. */
const SAMPLE_ROWS_MAX = 250_000;

const COLUMNS: readonly SqlColumn[] = [
  textColumn("Table"),
  textColumn("Column"),
  textColumn("Encoding"),
  { name: "Est_reduction_pct", type: { kind: "decimal", precision: 5, scale: 2 } },
];

export function analyzeCompressionHandler(tools: MeasureTools): StatementHandler<AnalyzeCompression> {
  return {
    access: "read",
    columns: () => COLUMNS,
    async run(statement, run) {
      const sampleRows = sampleSize(statement, run);
      const rows: SqlValue[][] = [];
      for (const { table, columns } of targets(statement, run)) {
        run.reads([relationInfo(table)]);
        rows.push(...(await analyze(table, columns, sampleRows, run, tools)));
      }
      return { tag: () => "ANALYZE COMPRESSION", columns: COLUMNS, rows };
    },
  };
}

function sampleSize({ table, compRows, at }: AnalyzeCompression, run: StatementRun): number {
  if (compRows === undefined) return COMPROWS_DEFAULT;
  if (table === undefined) {
    throw new SqlError(SQL_STATE.syntaxError, "COMPROWS is not allowed without a table", {
      at,
      hint: "ANALYZE COMPRESSION table_name COMPROWS numrows.",
    });
  }
  if (compRows < COMPROWS_MIN || compRows > COMPROWS_MAX) {
    throw new SqlError(SQL_STATE.invalidParameterValue, `COMPROWS is ${compRows}; it must be from 1000 to 1000000000`, {
      at,
    });
  }
  if (compRows > SAMPLE_ROWS_MAX) {
    run.core.notice({
      severity: "INFO",
      message: `The sample is held in memory here: ${SAMPLE_ROWS_MAX} rows of the table are analyzed at most.`,
    });
  }
  return Math.min(Math.max(compRows, COMPROWS_DEFAULT), SAMPLE_ROWS_MAX);
}

interface Target {
  readonly table: StoredRelation;
  readonly columns: readonly StoredColumn[];
}

function targets({ table: name, columns: names, at }: AnalyzeCompression, run: StatementRun): Target[] {
  if (name !== undefined) {
    const table = requireRelation(run, name);
    checkKind(table, ["table"], name.at);
    const columns = names?.map((one) => {
      const column = table.columns.find((candidate) => candidate.name === one);
      if (column === undefined) throw missingColumn(table, one, at);
      return column;
    });
    return [{ table, columns: columns ?? table.columns }];
  }
  const { snapshot, temporary } = run.core.transaction;
  const schemas = [...snapshot.schemas.keys()].filter((schema) => !isSystemSchema(schema)).sort();
  const tables = schemas.flatMap((schema) =>
    [...snapshot.relationsOf(schema)].filter(({ kind }) => kind === "table").sort((a, b) => (a.name < b.name ? -1 : 1)),
  );
  return [...tables, ...temporary.values()].map((table) => ({ table, columns: table.columns }));
}

async function analyze(
  table: StoredRelation,
  columns: readonly StoredColumn[],
  sampleRows: number,
  run: StatementRun,
  tools: MeasureTools,
): Promise<SqlValue[][]> {
  const reader = readerOf(run);
  const from = duckDbName(table);
  const { rowsEver } = await countRows(reader, from);
  const sampled = columns.map(({ name, type, notNull }) => ({ name, type, nullable: !notNull }));
  const relation = await withinMemory(reader, tableSample(from, rowsEver, sampleRows), sampled);
  const answer: SqlValue[][] = [];
  for (const [index, column] of columns.entries()) {
    // Redshift leaves a sort key's columns as they are: compressed much more than the others, a scan of a range would read more of these.
    if (column.sortPosition !== undefined) {
      answer.push([table.name, column.name, column.encoding ?? "raw", "0.00"]);
      continue;
    }
    const sample = sampled[index]!;
    const values = await readColumn(reader, relation, sample, sortOrder(table));
    const { encoding, reductionPercent } = chooseEncoding(
      await measureColumn(sample, values, tools),
      flattered(values),
    );
    answer.push([table.name, column.name, encoding, reductionPercent.toFixed(2)]);
    if (run.limit.stopped !== undefined) throw run.limit.stopped;
  }
  return answer;
}

/** How Redshift keeps the rows: by the compound sort key, where there is one. */
function sortOrder(table: StoredRelation): string[] {
  if (table.sortStyle !== "compound") return [];
  return table.columns
    .filter(({ sortPosition }) => sortPosition !== undefined)
    .sort((a, b) => (a.sortPosition ?? 0) - (b.sortPosition ?? 0))
    .map(({ name }) => name);
}

function readerOf({ connection, limit }: StatementRun): SampleReader {
  return {
    async read(sql, onRows) {
      const result = await connection.stream(sql, { values: [], types: [] }, limit);
      for (;;) {
        const chunk = await connection.fetch(result, limit);
        if (chunk === undefined) return;
        onRows(chunk.getRows());
      }
    },
  };
}
