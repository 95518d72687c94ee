/**
 * Redshift's reserved words: none of them is a name unless it is quoted. Source: "Reserved words" of the SQL reference; those that clients
 * use as names all the same (and that the service takes: `tag`, `oid`, ...) are left out.
 */
export const RESERVED: ReadonlySet<string> = new Set(
  `aes128 aes256 all allowoverwrite analyse analyze and any array as asc authorization between binary blanksasnull both bytedict case
   cast check collate column constraint create cross current_date current_time current_timestamp current_user current_user_id default
   deferrable deflate defrag delta delta32k desc disable distinct do else emptyasnull enable encode encrypt encryption end except explicit
   false for foreign freeze from full globaldict256 globaldict64k grant group gzip having identity ignore ilike in initially inner
   intersect interval into is isnull join leading left like limit localtime localtimestamp lun luns lzo lzop minus mostly16 mostly32 mostly8
   natural new not notnull null nulls off offline offset old on only open or order outer overlaps parallel partition percent
   permissions pivot placing primary raw readratio recover references rejectlog resort respect restore right select session_user
   similar snapshot some sysdate table tdes text255 text32k then timestamp to top trailing true truncatecolumns union unique
   unnest unpivot user using verbose wallet when where with without`.split(/\s+/),
);

/**
 * Reserved words that stand for a column's or table's name in practice, where the grammar leaves no doubt: as a part behind a dot,
 * and as a label behind AS.
 */
export const VALUE_WORDS: ReadonlySet<string> = new Set([
  "current_date",
  "current_time",
  "current_timestamp",
  "current_user",
  "current_user_id",
  "localtime",
  "localtimestamp",
  "session_user",
  "sysdate",
  "user",
]);

/** Words that end a table reference or a select item, so that they are no alias without AS. */
export const NO_ALIAS: ReadonlySet<string> = new Set([
  "connect",
  "start",
  "qualify",
  "returning",
  "fetch",
  "window",
  "exclude",
  "set",
  "lateral",
  "filter",
  "over",
  "within",
  "unload",
]);
