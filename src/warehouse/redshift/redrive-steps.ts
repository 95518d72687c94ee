/** Dead letters that a load does away with: those that were redriven on purpose, and those whose rows a replay brought after all. */
import type { LoadGiven } from "./load-given.js";
import {
  inChunks,
  lettersTable,
  mustBeZero,
  ownTable,
  REDRIVEN,
  type RedshiftPlace,
  ROWS,
  type Step,
  targetName,
  text,
  unqualified,
} from "./steps.js";

/** In front of everything else: if one of the letters is no longer dead, nothing is loaded. */
export function redrivenSteps({ place, target, loadId, redriven, edited }: LoadGiven): Step[] {
  if (redriven === undefined || redriven.length === 0) return [];
  const rows = [...new Set(redriven)].map((id) => {
    const bytes = edited?.get(id);
    return `(${text(id)}, ${bytes === undefined ? "NULL" : text(Buffer.from(bytes).toString("base64"))})`;
  });
  const fill = inChunks(rows).map((values) => `INSERT INTO ${REDRIVEN} (id, raw_base64) VALUES ${values.join(", ")}`);
  const dead = `SELECT COUNT(*) FROM ${REDRIVEN} r JOIN ${lettersTable(place)} d ON d.id = r.id WHERE d.redriven_at IS NULL`;
  return [
    {
      kind: "rows",
      sql: `CREATE TEMP TABLE ${REDRIVEN} (id VARCHAR(1024) NOT NULL, raw_base64 VARCHAR(65535), became VARCHAR(16))`,
    },
    ...fill.map((sql): Step => ({ kind: "rows", sql })),
    {
      kind: "rows",
      sql: `DELETE FROM ${REDRIVEN} WHERE EXISTS (SELECT 1 FROM ${ownTable(place, "loads", target)} WHERE load_id = ${text(loadId)})`,
    },
    mustBeZero("redriven", `SELECT (SELECT COUNT(*) FROM ${REDRIVEN}) - (${dead}) AS n`),
  ];
}

const SAME = "r._shard_id = d.shard_id AND r._sequence_number = d.sequence AND r._row_index = d.row_index";

/** Rows that were dead and are loaded after all are dead no more; into the table itself alone. */
export function reviveSteps(given: LoadGiven): Step[] {
  const { place, target, table, skipExisting, redriven } = given;
  if (skipExisting !== true || target !== table.name) return [];
  const letters = lettersTable(place);
  const of = unqualified(letters);
  const same = SAME.replaceAll("d.", `${of}.`);
  return [
    {
      kind: "rows",
      sql: `UPDATE ${letters} SET redriven_at = GETDATE(), redriven_as = '${redriven === undefined ? "replayed" : "loaded"}' FROM ${ROWS} r
        WHERE ${of}.redriven_at IS NULL AND ${of}.table_name = ${text(target)} AND r.penstock_fate IS NULL AND ${same}`,
    },
  ];
}

/** Behind the rows: what each letter became, which no later look could tell from a row that somebody deleted. */
export function settleSteps({ place, target, redriven, dryRun }: LoadGiven): Step[] {
  if (redriven === undefined || redriven.length === 0 || dryRun === true) return [];
  const letters = lettersTable(place);
  return [
    became("loaded", `${targetName(place, target)} r`, "", place),
    became("deduped", `${ownTable(place, "deduped", target)} r`, "plain", place),
    `UPDATE ${letters} SET redriven_at = GETDATE(), redriven_as = NVL(r.became, 'filtered'), redriven_raw_base64 = r.raw_base64 FROM ${REDRIVEN} r WHERE ${unqualified(letters)}.id = r.id`,
  ].map((sql) => ({ kind: "rows", sql }));
}

function became(what: "loaded" | "deduped", from: string, names: "" | "plain", place: RedshiftPlace): string {
  const same = names === "plain" ? SAME.replaceAll("r._", "r.") : SAME;
  return `UPDATE ${REDRIVEN} SET became = '${what}' FROM ${lettersTable(place)} d, ${from}
    WHERE d.id = ${REDRIVEN}.id AND ${REDRIVEN}.became IS NULL AND ${same}`;
}
