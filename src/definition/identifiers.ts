import { METADATA_COLUMNS } from "./model.js";
import { type Problems, show } from "./problems.js";

/** Redshift: "Identifiers must be between 1 and 127 bytes in length". */
const IDENTIFIER_BYTES_MAX = 127;

/** Redshift's list of reserved words; none may name a table or a column unless it is quoted everywhere, so none may here. */
const RESERVED_WORDS: ReadonlySet<string> = new Set(
  `aes128 aes256 all allowoverwrite analyse analyze and any array as asc authorization az64 backup between binary blanksasnull both
  bytedict bzip2 case cast check collate column constraint create credentials cross current_date current_time current_timestamp
  current_user current_user_id default deferrable deflate defrag delta delta32k desc disable distinct do else emptyasnull enable encode
  encrypt encryption end except explicit false for foreign freeze from full globaldict256 globaldict64k grant group gzip having identity
  ignore ilike in initially inner intersect interval into is isnull join language leading left like limit localtime localtimestamp lun
  luns lzo lzop minus mostly16 mostly32 mostly8 natural new not notnull null nulls off offline offset oid old on only open or order
  outer overlaps parallel partition percent permissions pivot placing primary raw readratio recover references rejectlog resort respect
  restore right select session_user similar snapshot some sysdate system table tag tdes text255 text32k then timestamp to top trailing
  true truncatecolumns union unique unnest unpivot user using verbose wallet when where with without`.split(/\s+/),
);

/** Columns that every Redshift table has already. */
const SYSTEM_COLUMNS: ReadonlySet<string> = new Set([
  "tableoid",
  "xmin",
  "cmin",
  "xmax",
  "cmax",
  "ctid",
  "insertxid",
  "deletexid",
]);
/** What the names of Redshift's own tables and views begin with. */
const SYSTEM_TABLE_PREFIX = /^(pg|stl|stll|stv|svl|svv|svcs|stcs|sys|padb|systable)_/;

/** The name, when it is one that Redshift takes without quotes; undefined, and a problem, otherwise. */
export function readIdentifier(
  path: string,
  name: unknown,
  of: "table" | "column",
  problems: Problems,
): string | undefined {
  const wrong = wrongWith(name, of);
  if (wrong === undefined) return name as string;
  problems.add(path, wrong);
  return undefined;
}

function wrongWith(name: unknown, of: "table" | "column"): string | undefined {
  if (typeof name !== "string" || name === "") return `is named ${show(name)}; a ${of}'s name must be text.`;
  if (name !== name.toLowerCase()) {
    const folded = wrongWith(name.toLowerCase(), of);
    if (folded !== undefined)
      return `is named ${show(name)}; Redshift folds names to lower case, and then it ${folded}`;
    return `is named ${show(name)}; Redshift folds names to lower case, so call it ${show(name.toLowerCase())}${
      of === "column" ? ` (and, for JSON, read it with .path([${show(name)}]))` : ""
    }.`;
  }
  if ((METADATA_COLUMNS as readonly string[]).includes(name)) {
    return `is named ${show(name)}; that is one of the columns which Penstock adds by itself (${METADATA_COLUMNS.join(", ")}).`;
  }
  if (name.startsWith("_"))
    return `is named ${show(name)}; names that begin with _ are kept for Penstock's own columns.`;
  if (!/^[a-z][a-z0-9_$]*$/.test(name)) {
    return `is named ${show(name)}; a ${of}'s name must begin with a letter, then have letters, digits, _ or $ only.`;
  }
  if (name.length > IDENTIFIER_BYTES_MAX) {
    return `is named ${show(name)}, ${name.length} bytes; Redshift allows ${IDENTIFIER_BYTES_MAX}.`;
  }
  if (RESERVED_WORDS.has(name)) {
    return `is named ${show(name)}, which is a reserved word of Redshift; call it for instance ${show(`${name}_value`)}.`;
  }
  if (of === "column" && SYSTEM_COLUMNS.has(name)) {
    return `is named ${show(name)}, which is a column that every Redshift table has already.`;
  }
  if (of === "table" && SYSTEM_TABLE_PREFIX.test(name)) {
    return `is named ${show(name)}; names that begin with ${name.slice(0, name.indexOf("_") + 1)} are the system tables' own.`;
  }
  return undefined;
}
