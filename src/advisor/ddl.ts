/** The advice as statements of Redshift's. */
import type { TableAdvice } from "../api/control/contract.js";
import { METADATA_COLUMNS } from "../definition/model.js";
import { quotedName } from "../redshift/sql-text.js";
import type { AdvisedTable } from "./advised-table.js";

type Found = Pick<TableAdvice, "columns" | "sortKey" | "distribution">;

/** As the deployed loader makes them, before the table's own. */
const METADATA_TYPES: Readonly<Record<(typeof METADATA_COLUMNS)[number], string>> = {
  _shard_id: "VARCHAR(256)",
  _sequence_number: "VARCHAR(128)",
  _row_index: "BIGINT",
  _arrived_at: "TIMESTAMPTZ",
};

export function createTable(table: AdvisedTable, found: Found): string {
  const metadata =
    table.model === undefined ? [] : METADATA_COLUMNS.map((column) => `${column} ${METADATA_TYPES[column]} NOT NULL`);
  const columns = found.columns.map(({ name, type, best }) => {
    const { nullable } = table.columns.find((column) => column.name === name)!;
    return `${nameText(name)} ${shortType(type)} ENCODE ${best.toUpperCase()}${nullable ? "" : " NOT NULL"}`;
  });
  const lines = [...metadata, ...columns].map((line) => `  ${line}`).join(",\n");
  const distribution = keepsAuto(table, found) ? "DISTSTYLE AUTO" : distributionClause(found);
  const clauses = [distribution, sortClause(found)].filter((clause) => clause !== "").join("\n");
  return `CREATE TABLE ${nameText(table.schema)}.${nameText(table.name)} (\n${lines}\n)\n${clauses};`;
}

/** What would have to be changed of a table that is there. */
export function alterStatements(table: AdvisedTable, found: Found): string[] {
  const target = `${nameText(table.schema)}.${nameText(table.name)}`;
  const encodings = found.columns
    .filter(({ best, current }) => best !== current)
    .map(({ name, best }) => `ALTER COLUMN ${nameText(name)} ENCODE ${best.toUpperCase()}`);
  const { best: distribution } = found.distribution;
  const same =
    keepsAuto(table, found) ||
    (distribution.style === table.distStyle && (distribution.style !== "key" || distribution.column === table.distKey));
  const key = found.sortKey.best;
  const sorted =
    key === undefined ||
    (key.style === table.sortKey?.style && key.columns.join("\0") === table.sortKey.columns.join("\0"));
  return [
    ...(encodings.length === 0 ? [] : [`ALTER TABLE ${target}\n  ${encodings.join(",\n  ")};`]),
    ...(same ? [] : [`ALTER TABLE ${target} ALTER ${alteredDistribution(found)};`]),
    // Redshift alters a table to a compound key alone; an interleaved one must be made with the table.
    ...(sorted || key.style !== "compound"
      ? []
      : [`ALTER TABLE ${target} ALTER COMPOUND SORTKEY (${key.columns.map(nameText).join(", ")});`]),
  ];
}

/** AUTO comes to EVEN by itself where nothing speaks for more, and may do better while the table is small. */
function keepsAuto(table: AdvisedTable, { distribution: { best } }: Found): boolean {
  return table.distStyle === "auto" && best.style === "even";
}

function distributionClause({ distribution: { best } }: Found): string {
  return best.style === "key"
    ? `DISTSTYLE KEY DISTKEY ${best.column === undefined ? "" : `(${nameText(best.column)})`}`
    : `DISTSTYLE ${best.style.toUpperCase()}`;
}

function alteredDistribution({ distribution: { best } }: Found): string {
  return best.column === undefined ? `DISTSTYLE ${best.style.toUpperCase()}` : `DISTKEY ${nameText(best.column)}`;
}

function sortClause({ sortKey }: Found): string {
  const key = sortKey.best ?? sortKey.current;
  if (key.style === "none" || key.columns.length === 0) return "";
  return `${key.style.toUpperCase()} SORTKEY (${key.columns.map(nameText).join(", ")})`;
}

/** As people write them: `VARCHAR(12)` for `character varying(12)`. */
function shortType(type: string): string {
  return type
    .replace("character varying", "varchar")
    .replace("character(", "char(")
    .replace("numeric", "decimal")
    .replace(/^(time|timestamp) with time zone$/, "$1tz")
    .replace(/ without time zone$/, "")
    .toUpperCase();
}

function nameText(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : quotedName(name);
}
