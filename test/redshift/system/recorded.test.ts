/**
 * What real clients sent when they were asked for what there is (recorded: psql's commands, drivers' metadata calls, reflection, dbt's runs), each
 * statement as it came over the wire. How many rows there are was held against what the client then showed.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { TestSession } from "../support/database.js";
import { openSystemDatabase } from "./system-database.js";

interface Recorded {
  readonly client: string;
  readonly asked: string;
  /** Undefined: some. */
  readonly rows: number | undefined;
  readonly sql: string;
  readonly parameters: readonly string[];
}

const FOLDER = fileURLToPath(new URL("recorded/", import.meta.url));
const SHOP = readFileSync(`${FOLDER}shop.sql`, "utf8");
const FILES = readdirSync(FOLDER).filter((name) => name !== "shop.sql");

/** `--- client | what was asked | 3 rows`, the statement, and `parameters: [...]` where it has any. */
function recorded(file: string): readonly Recorded[] {
  return readFileSync(FOLDER + file, "utf8")
    .split(/^--- /m)
    .slice(1)
    .map((block) => {
      const [heading = "", ...lines] = block.trim().split("\n");
      const [client = "", asked = "", count = ""] = heading.split(" | ");
      const bound =
        lines.at(-1)?.startsWith("parameters: ") === true ? lines.pop()!.slice("parameters: ".length) : "[]";
      const rows = count.startsWith("some") ? undefined : Number.parseInt(count, 10);
      return { client, asked, rows, sql: lines.join("\n"), parameters: JSON.parse(bound) as string[] };
    });
}

/** `{oid:sales.orders}`, `{oid:schema sales}`: clients ask by the numbers that they were told before. */
async function withOids({ rows }: TestSession, sql: string): Promise<string> {
  const names = new Set([...sql.matchAll(/\{oid:([^}]*)\}/g)].map(([, name]) => name!));
  let text = sql;
  for (const name of names) {
    const found = name.startsWith("schema ")
      ? await rows(`select oid from pg_namespace where nspname = '${name.slice(7)}'`)
      : await rows(`select '${name}'::regclass::oid`);
    text = text.replaceAll(`{oid:${name}}`, found[0] ?? "");
  }
  return text;
}

async function openShop() {
  const session = await openSystemDatabase();
  await session.run(SHOP);
  const answer = async (file: string, asked: string, index = 0) => {
    const found = recorded(file).filter((one) => one.asked === asked)[index];
    if (found === undefined) throw new Error(`nothing was recorded of ${asked} in ${file}`);
    return session.rows(await withOids(session, found.sql), found.parameters);
  };
  return { ...session, answer };
}

describe("every statement that was recorded is answered", () => {
  for (const file of FILES) {
    test(file.replace(".sql", ""), async () => {
      const session = await openShop();
      const statements = recorded(file);
      expect(statements.length).toBeGreaterThan(5);
      for (const { client, asked, rows, sql, parameters } of statements) {
        const text = await withOids(session, sql);
        const found = await session.run(text, parameters).then(
          (result) => result.rows.length,
          (error: unknown) => String(error),
        );
        const wanted = rows ?? (typeof found === "number" ? Math.max(found, 2) : "some");
        expect({ client, asked, text, found }).toEqual({ client, asked, text, found: wanted });
      }
    }, 60_000);
  }
});

/** Columns of an answer's rows, by their places. */
const cut = (rows: readonly string[], ...places: readonly number[]) =>
  rows.map((row) => {
    const cells = row.split("|");
    return places.map((place) => cells[place]).join("|");
  });

test("psql shows a table's columns, its keys and the tables that it refers to", async () => {
  const { answer } = await openShop();
  expect(cut(await answer("psql.sql", "\\d sales.orders", 2), 0, 1, 3)).toEqual([
    "order_id|bigint|true",
    "customer_id|integer|true",
    "placed_at|timestamp without time zone|false",
    "total|numeric(12,2)|false",
    "note|character varying(65535)|false",
    "flags|super|false",
    "payload|binary varying(16)|false",
  ]);
  expect(cut(await answer("psql.sql", "\\d customers", 3), 0, 6)).toEqual([
    "customers_pkey|PRIMARY KEY (id)",
    "customers_email_key|UNIQUE (email)",
  ]);
  expect(await answer("psql.sql", "\\dt+")).toEqual(["public|customers|table|penstock|permanent|3072 kB|Who buys"]);
  expect(cut(await answer("psql.sql", "\\dn+"), 0, 1)).toEqual([
    "penstock|penstock",
    "public|penstock",
    "sales|penstock",
  ]);
  expect(cut(await answer("psql.sql", "\\du"), 0)).toEqual(["analyst", "penstock", "rdsdb", "readers"]);
  expect(cut(await answer("psql.sql", "\\l"), 0, 1, 2)).toEqual(["penstock|penstock|UTF8"]);
});

test("JDBC finds keys by the indexes behind them", async () => {
  const { answer } = await openShop();
  expect(await answer("postgresql-jdbc.sql", "getPrimaryKeys")).toEqual(["NULL|sales|orders|order_id|1|orders_pkey"]);
  expect(await answer("postgresql-jdbc.sql", "getImportedKeys", 1)).toEqual([
    "NULL|public|customers|id|NULL|sales|orders|customer_id|1|3|3|orders_customer_id_fkey|customers_pkey|7",
  ]);
  expect(cut(await answer("postgresql-jdbc.sql", "getIndexInfo"), 2, 3, 5, 8)).toEqual([
    "customers|false|customers_email_key|email",
    "customers|false|customers_pkey|id",
  ]);
  expect(await answer("redshift-jdbc.sql", "getPrimaryKeys")).toEqual(["penstock|sales|orders|order_id|1|orders_pkey"]);
  expect(cut(await answer("redshift-jdbc.sql", "getImportedKeys"), 2, 3, 6, 7, 12)).toEqual([
    "customers|id|orders|customer_id|customers_pkey",
  ]);
});

test("drivers are told each column's type, its size and whether it may be NULL", async () => {
  const { answer } = await openShop();
  const columns = [
    "order_id|int8|19|0|NO",
    "customer_id|int4|10|0|NO",
    "placed_at|timestamp|29|6|YES",
    "total|numeric|12|2|YES",
    "note|varchar|65535|0|YES",
    "flags|super|NULL|NULL|YES",
    "payload|varbyte|NULL|NULL|YES",
  ];
  expect(cut(await answer("redshift-jdbc.sql", "getColumns"), 3, 5, 6, 8, 17)).toEqual(columns);
  expect(cut(await answer("redshift-connector.sql", "get_columns"), 3, 5, 6, 8, 17)).toEqual(columns);
  const tables = [
    "orders_pkey|INDEX",
    "mv_tbl__by_region__0|TABLE",
    "orders|TABLE",
    "big_orders|VIEW",
    "by_region|VIEW",
  ];
  expect(cut(await answer("redshift-jdbc.sql", "getTables", 1), 2, 3)).toEqual(tables);
  expect(cut(await answer("redshift-connector.sql", "get_tables", 1), 2, 3)).toEqual(tables);
});

test("SQLAlchemy reflects encodings, distribution, sort keys and constraints", async () => {
  const { answer } = await openShop();
  const columns = await answer("sqlalchemy-redshift.sql", "columns");
  expect(cut(columns, 2, 3, 4, 5, 6, 7)).toEqual([
    "order_id|az64|bigint|false|0|true",
    "customer_id|none|integer|true|2|true",
    "placed_at|az64|timestamp without time zone|false|1|false",
    "total|az64|numeric(12,2)|false|0|false",
    "note|lzo|character varying(65535)|false|0|false",
    "flags|zstd|super|false|0|false",
    "payload|lzo|binary varying(16)|false|0|false",
  ]);
  expect(cut(await answer("sqlalchemy-redshift.sql", "pk"), 2, 3, 6, 7)).toEqual([
    "p|orders_pkey|order_id|PRIMARY KEY (order_id)",
    "f|orders_customer_id_fkey|customer_id|FOREIGN KEY (customer_id) REFERENCES customers(id)",
  ]);
  expect(cut(await answer("sqlalchemy-redshift.sql", "tables"), 0, 4, 5)).toEqual(["r|customers|ALL", "v|late|EVEN"]);
});

test("dbt finds relations with their kinds, columns and what they depend on", async () => {
  const { answer } = await openShop();
  expect(cut(await answer("dbt-redshift.sql", "relations of a schema"), 1, 3).toSorted()).toEqual([
    "big_orders|view",
    "by_region|materialized_view",
    "orders|table",
  ]);
  expect(await answer("dbt-redshift.sql", "columns of a relation")).toEqual([
    "order_id|bigint|NULL|64|0",
    "customer_id|integer|NULL|32|0",
    "placed_at|timestamp without time zone|NULL|NULL|NULL",
    "total|numeric|NULL|12|2",
    "note|character varying|65535|NULL|NULL",
    "flags|super|NULL|NULL|NULL",
    "payload|binary varying|16|NULL|NULL",
  ]);
  const depends = cut(await answer("dbt-redshift.sql", "what depends on what"), 0, 1, 2, 3);
  expect(depends).toContain("sales|big_orders|sales|orders");
  expect(depends).toContain("sales|by_region|public|customers");
  const catalog = await answer("dbt-redshift.sql", "catalog");
  expect(new Set(cut(catalog, 2, 3))).toEqual(
    new Set(["by_region|MATERIALIZED VIEW", "big_orders|VIEW", "orders|BASE TABLE"]),
  );
});

test("tools of business intelligence find keys by their columns' places", async () => {
  const { answer } = await openShop();
  const odbc = "other-clients.sql";
  expect(await answer(odbc, "primary key")).toEqual(["order_id|1|orders_pkey|sales|orders"]);
  expect(await answer(odbc, "foreign keys of a table")).toEqual(["customer_id|customers|public|id"]);
  expect(cut(await answer(odbc, "tables with their attributes"), 0, 1, 2, 3, 4)).toEqual([
    "sales|orders|KEY(customer_id)|placed_at|2",
    "public|customers|ALL|AUTO(SORTKEY)|0",
  ]);
});
