/**
 * Redshift's reserved words: none of them is a name unless it is quoted. Source: "Reserved words" of the SQL reference. Left out is `oid`, which
 * the service takes as the catalog's column that it is.
 */
export const RESERVED: ReadonlySet<string> = new Set(
  `aes128 aes256 all allowoverwrite analyse analyze and any array as asc authorization az64 backup between binary blanksasnull both
   bytedict bzip2 case cast check collate column constraint create credentials cross current_date current_time current_timestamp
   current_user current_user_id default deferrable deflate defrag delta delta32k desc disable distinct do else emptyasnull enable encode
   encrypt encryption end except explicit false for foreign freeze from full globaldict256 globaldict64k grant group gzip having identity
   ignore ilike in initially inner intersect interval into is isnull join language leading left like limit localtime localtimestamp lun luns
   lzo lzop minus mostly16 mostly32 mostly8 natural new not notnull null nulls off offline offset old on only open or order outer overlaps
   parallel partition percent permissions pivot placing primary raw readratio recover references rejectlog resort respect restore right
   select session_user similar snapshot some sysdate system table tag tdes text255 text32k then timestamp to top trailing true
   truncatecolumns union unique unnest unpivot user using verbose wallet when where with without`.split(/\s+/),
);

/** Reserved words that are functions without parentheses. */
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

/**
 * Words that are no alias without AS where one of these comes behind them (any word at all for `name`), since they begin something then:
 * `start with`, `over (`. An empty list: whatever comes.
 */
export const NO_ALIAS_BEFORE: ReadonlyMap<string, readonly string[]> = new Map([
  ["at", ["name"]],
  ["connect", ["by"]],
  ["fetch", ["first", "next"]],
  ["filter", ["("]],
  ["over", ["("]],
  ["qualify", []],
  ["returning", []],
  ["start", ["with"]],
  ["window", []],
  ["within", ["group"]],
]);
