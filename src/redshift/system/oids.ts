/** Fixed oids of the system's relations, below those that PostgreSQL gives to users' objects (16,384). */

/** PostgreSQL's own, which clients know by number. */
const KNOWN: Readonly<Record<string, number>> = {
  "pg_catalog.pg_tablespace": 1213,
  "pg_catalog.pg_type": 1247,
  "pg_catalog.pg_attribute": 1249,
  "pg_catalog.pg_proc": 1255,
  "pg_catalog.pg_class": 1259,
  "pg_catalog.pg_shadow": 1260,
  "pg_catalog.pg_group": 1261,
  "pg_catalog.pg_database": 1262,
  "pg_catalog.pg_aggregate": 2600,
  "pg_catalog.pg_am": 2601,
  "pg_catalog.pg_amop": 2602,
  "pg_catalog.pg_amproc": 2603,
  "pg_catalog.pg_attrdef": 2604,
  "pg_catalog.pg_cast": 2605,
  "pg_catalog.pg_constraint": 2606,
  "pg_catalog.pg_conversion": 2607,
  "pg_catalog.pg_depend": 2608,
  "pg_catalog.pg_description": 2609,
  "pg_catalog.pg_index": 2610,
  "pg_catalog.pg_inherits": 2611,
  "pg_catalog.pg_language": 2612,
  "pg_catalog.pg_namespace": 2615,
  "pg_catalog.pg_opclass": 2616,
  "pg_catalog.pg_operator": 2617,
  "pg_catalog.pg_rewrite": 2618,
  "pg_catalog.pg_statistic": 2619,
  "pg_catalog.pg_trigger": 2620,
};

/** Room for all others: a name's place in it is worked out of the name, so that it stays the same whatever is added. */
const FIRST = 5_000;
const ROOM = 5_000;

const given = new Map<string, number>();
const taken = new Set<number>();

/** The same number for the same name, in every run of a program that has the same relations. */
export function systemOid(schema: string, name: string): number {
  const key = `${schema}.${name}`;
  const known = KNOWN[key] ?? given.get(key);
  if (known !== undefined) return known;
  let place = hash(key) % ROOM;
  while (taken.has(place)) place = (place + 1) % ROOM;
  taken.add(place);
  given.set(key, FIRST + place);
  return FIRST + place;
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const character of text) value = Math.imul(value ^ character.codePointAt(0)!, 0x01000193) >>> 0;
  return value;
}
