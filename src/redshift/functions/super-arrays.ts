/**
 * SUPER arrays as sets and lists. Source: Redshift's "Array functions". An item is compared by its JSON text, and NULL is an item like any other.
 * Arguments are put into a list of one and read as a lambda's parameter, so that each is worked out once however often it is named.
 */
import type { BoundExpression } from "../binder/bound.js";
import { BOOLEAN, type CallSite, type FunctionEntry, familyOf, INTEGER, overload, SUPER } from "./entry.js";

const { scalar } = familyOf("super");

/** The items' JSON texts; NULL for what is no array. */
const texts = (array: string) =>
  `(CASE WHEN json_type(${array}) = 'ARRAY' THEN list_transform(CAST(${array} AS JSON[]), item -> coalesce(CAST(item AS VARCHAR), 'null')) END)`;
const arrayOf = (list: string) => `CAST('[' || array_to_string(${list}, ',') || ']' AS JSON)`;
/** `body` with the arguments as `a`, `b`, ...; NULL where one of them is. */
const withArguments = (values: readonly string[], body: string) => {
  const names = values.map((_, index) => "abc"[index]!);
  const here = names.map((name) => `${name} IS NOT NULL`).join(" AND ");
  return values.reduceRight(
    (inner, value, index) => `list_transform([${value}], ${names[index]} -> ${inner})[1]`,
    `CASE WHEN ${here} THEN ${body} END`,
  );
};
const count = (list: string) => `len(list_filter(${list}, other -> other = one))`;
const first = (list: string) => `list_position(${list}, one) = i`;
const isDistinct = (args: readonly BoundExpression[]) => args[2]?.sql ?? "false";

/** Two arrays' items, kept by one test where duplicates count and by another where they do not. */
const chosen = (kept: string, keptOnce: string) =>
  overload("super, super, boolean?", SUPER, (args) =>
    withArguments(
      [texts(args[0]!.sql), texts(args[1]!.sql), isDistinct(args)],
      arrayOf(`list_filter(a, (one, i) -> CASE WHEN c THEN ${first("a")} AND ${keptOnce} ELSE ${kept} END)`),
    ),
  );

export const SUPER_ARRAY_FUNCTIONS: readonly FunctionEntry[] = [
  ...scalar("array_except", chosen(`${count("a[1:i]")} > ${count("b")}`, "NOT list_contains(b, one)")),
  ...scalar("array_intersection", chosen(`${count("a[1:i]")} <= ${count("b")}`, "list_contains(b, one)")),
  ...scalar(
    "array_union",
    overload("super, super", SUPER, (args) =>
      withArguments(
        [`list_concat(${texts(args[0]!.sql)}, ${texts(args[1]!.sql)})`, texts(args[0]!.sql), texts(args[1]!.sql)],
        arrayOf(`list_filter(a, (one, i) -> ${first("a")})`),
      ),
    ),
  ),
  ...scalar(
    "array_distinct",
    overload("super", SUPER, (args) =>
      withArguments([texts(args[0]!.sql)], arrayOf(`list_filter(a, (one, i) -> ${first("a")})`)),
    ),
  ),
  ...scalar(
    "arrays_overlap",
    overload("super, super", BOOLEAN, (args) =>
      withArguments([texts(args[0]!.sql), texts(args[1]!.sql)], "list_has_any(a, b)"),
    ),
  ),
  ...scalar("array_contains", search(BOOLEAN, "list_contains(a, b)", "false")),
  ...scalar("array_position", search(INTEGER, "CAST(list_position(a, b) - 1 AS INTEGER)", "CAST(-1 AS INTEGER)")),
  ...scalar(
    "array_positions",
    search(
      SUPER,
      arrayOf("list_transform(list_filter(range(1, len(a) + 1), i -> a[i] = b), i -> i - 1)"),
      "'[]'::JSON",
    ),
  ),
  ...scalar("array_sort", overload("super, boolean?, boolean?", SUPER, sorted)),
];

/** Source: the argument null_match, and where it is not given the setting: without it NULL is never found, and hides that nothing was. */
function search(type: typeof BOOLEAN | typeof INTEGER | typeof SUPER, found: string, nothing: string) {
  return overload("super, any, boolean?", type, (args, site) => {
    const value = args[1]!.origin?.kind === "null" ? "NULL" : args[1]!.sql;
    const wanted = `coalesce(CAST(to_json(${value}) AS VARCHAR), 'null')`;
    const hidden = `NOT c AND (b = 'null' OR (list_contains(a, 'null') AND NOT list_contains(a, b)))`;
    return withArguments(
      [texts(args[0]!.sql), wanted, nullMatch(args[2], site)],
      `CASE WHEN ${hidden} THEN NULL WHEN list_contains(a, b) THEN ${found} ELSE ${nothing} END`,
    );
  });
}

function nullMatch(arg: BoundExpression | undefined, { scope }: CallSite): string {
  if (arg !== undefined) return arg.sql;
  return scope.context.setting("default_array_search_null_handling") === "off" ? "false" : "true";
}

/** Source: ARRAY_SORT: booleans, numbers, texts, arrays, objects; NULLs last, and first where it descends, unless it is said. */
function sorted(args: readonly BoundExpression[]): string {
  const items = `(CASE WHEN json_type(${args[0]!.sql}) = 'ARRAY' THEN CAST(${args[0]!.sql} AS JSON[]) END)`;
  const rank = `CASE json_type(item) WHEN 'BOOLEAN' THEN 1 WHEN 'VARCHAR' THEN 3 WHEN 'ARRAY' THEN 4 WHEN 'OBJECT' THEN 5 ELSE 2 END`;
  const key = `{'rank': ${rank}, 'number': coalesce(TRY_CAST(item ->> '$' AS DOUBLE), 0), 'text': coalesce(item ->> '$', ''), 'item': CAST(item AS VARCHAR)}`;
  const filled = `list_transform(list_filter(a, item -> json_type(item) <> 'NULL'), item -> ${key})`;
  const inOrder = `list_transform(CASE WHEN b THEN list_sort(${filled}) ELSE list_reverse_sort(${filled}) END, keyed -> keyed.item)`;
  const nulls = `list_transform(list_filter(a, item -> coalesce(json_type(item), 'NULL') = 'NULL'), item -> 'null')`;
  const ascending = args[1]?.sql ?? "true";
  return withArguments(
    [items, ascending, args[2]?.sql ?? `NOT ${ascending}`],
    arrayOf(`CASE WHEN c THEN list_concat(${nulls}, ${inOrder}) ELSE list_concat(${inOrder}, ${nulls}) END`),
  );
}
