/** Random queries answer what hand-written SQL of DuckDB answers, where the two dialects mean the same. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Fixture, openFixture } from "./fixture.js";

let tables: Fixture;
beforeAll(async () => {
  tables = await openFixture();
  await tables.table(
    "t",
    ["id integer", "k integer", "s varchar(5)"],
    "(1,1,'a'),(2,1,'b'),(3,2,NULL),(4,NULL,'a'),(5,3,'c'),(NULL,2,'b')",
  );
  await tables.table("u", ["id integer", "k integer", "s varchar(5)"], "(1,2,'b'),(2,2,'c'),(3,NULL,'a'),(7,1,NULL)");
});
afterAll(() => tables.close());

/** The same text in both dialects, Redshift's and DuckDB's. */
type Pair = readonly [redshift: string, duck: string];

const same = (text: string): Pair => [text, text];
const column = (alias: string) => fc.constantFrom("id", "k").map((name) => same(`${alias}.${name}`));
const number = (aliases: readonly string[]): fc.Arbitrary<Pair> =>
  fc.oneof(
    fc.constantFrom(...aliases).chain(column),
    fc.integer({ min: 0, max: 4 }).map((value) => same(String(value))),
    fc
      .tuple(fc.constantFrom(...aliases).chain(column), fc.constantFrom("+", "-", "*"), fc.integer({ min: 1, max: 3 }))
      .map(([[left], operator, right]): Pair => same(`(${left} ${operator} ${right})`)),
    fc
      .constantFrom(...aliases)
      .chain(column)
      .map(([name]): Pair => [`nvl(${name}, 9)`, `coalesce(${name}, 9)`]),
  );

const condition = (aliases: readonly string[]): fc.Arbitrary<Pair> =>
  fc.oneof(
    fc
      .tuple(number(aliases), fc.constantFrom("=", "<>", "<", ">="), number(aliases))
      .map(
        ([left, operator, right]): Pair => [`${left[0]} ${operator} ${right[0]}`, `${left[1]} ${operator} ${right[1]}`],
      ),
    fc.constantFrom(...aliases).map((alias) => same(`${alias}.s is not null`)),
    fc.constantFrom(...aliases).map((alias) => same(`${alias}.s in ('a', 'c')`)),
    fc.constantFrom(...aliases).map((alias) => same(`exists (select 1 from u z where z.k = ${alias}.k)`)),
    fc.constantFrom(...aliases).map((alias) => same(`${alias}.id in (select z.id from u z where z.s is not null)`)),
  );

const source = fc.oneof(
  fc.constant({ from: same("t x"), aliases: ["x"] }),
  fc.constant({ from: same("(select * from t where k is not null) x"), aliases: ["x"] }),
  fc.constant({ from: same("(select id, k, s from t union select id, k, s from u) x"), aliases: ["x"] }),
  fc.constant({ from: same("t x, u y"), aliases: ["x", "y"] }),
  fc
    .tuple(
      fc.constantFrom("join", "left join", "right join", "full join"),
      fc.constantFrom("x.id = y.id", "x.k = y.id", "x.s = y.s"),
    )
    .map(([word, on]) => ({ from: same(`t x ${word} u y on ${on}`), aliases: ["x", "y"] })),
);

const direction = fc.constantFrom<Pair>(
  [" asc", " asc nulls last"],
  [" desc", " desc nulls first"],
  [" desc nulls last", " desc nulls last"],
  ["", " nulls last"],
);

const query = source.chain(({ from, aliases }) =>
  fc
    .record({
      items: fc.array(number(aliases), { minLength: 1, maxLength: 3 }),
      where: fc.option(fc.array(condition(aliases), { minLength: 1, maxLength: 3 }), { nil: undefined }),
      word: fc.constantFrom(" and ", " or "),
      grouped: fc.boolean(),
      distinct: fc.boolean(),
      direction,
      limit: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }),
    })
    .map((made): Pair => {
      const text = (side: 0 | 1): string => {
        const keys = made.items.map((item, index) => `${item[side]} as i${index}`);
        const all = made.grouped ? [...keys, "count(*) as n", `max(${aliases[0]}.k) as m`] : keys;
        const where = made.where === undefined ? "" : ` where ${made.where.map((one) => one[side]).join(made.word)}`;
        const group = made.grouped ? ` group by ${made.items.map((_, index) => index + 1).join(", ")}` : "";
        const order = ` order by ${all.map((_, index) => `${index + 1}${made.direction[side]}`).join(", ")}`;
        const limit = made.limit === undefined ? "" : ` limit ${made.limit}`;
        return `select ${made.distinct ? "distinct " : ""}${all.join(", ")} from ${from[side]}${where}${group}${order}${limit}`;
      };
      return [text(0), text(1)];
    }),
);

test("random selects over small tables", async () => {
  await fc.assert(
    fc.asyncProperty(query, async ([redshift, duck]) => {
      const expected = (await tables.duck(duck)).map((row) =>
        row.map((value) => (value === null ? "NULL" : String(value))).join("|"),
      );
      expect((await tables.query(redshift)).rows).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});
