import type { Fixture } from "./fixture.js";
import { openFixture } from "./fixture.js";

/** The tables that the suites read. */
export async function openTables(): Promise<Fixture> {
  const fixture = await openFixture();
  await fixture.table(
    "quotes",
    [
      "symbol varchar(12) not null",
      "bid decimal(12,4)",
      "ask decimal(12,4)",
      "venue_id integer",
      "quoted_at timestamp",
      "flagged boolean",
    ],
    `('AAPL', 10.5, 11, 1, '2024-01-01 10:00:00', true), ('AAPL', 12, 12.5, 2, '2024-01-02 11:00:00', false),
     ('MSFT', 20, NULL, 1, '2024-01-01 12:00:00', NULL), ('GOOG', NULL, 31, NULL, NULL, true)`,
  );
  await fixture.table(
    "venues",
    ["id integer not null", "name varchar(20)", "opened date"],
    "(1, 'Athens', '2001-02-03'), (2, 'Berlin', NULL), (3, 'Cairo', '1999-12-31')",
  );
  await fixture.table("sales.venues", ["id integer", "region varchar(10)"], "(1, 'south'), (4, 'north')");
  await fixture.table("numbers", ["n integer", "c1 integer", "r1 integer"], "(1, 10, 100), (2, 20, 200), (3, 30, 300)");
  await fixture.table("empty", ["a integer", "b varchar(5)"]);
  await fixture.table(
    "orders",
    ["id integer", "customer varchar(20)", "lines super", "data super"],
    `(1, 'Ann', '[{"sku":"x","n":2},{"sku":"y","n":5}]', '{"city":"Oslo","zip":1}'), (2, 'Bob', '[]', '{"city":"Rome"}'),
     (3, 'Cy', NULL, NULL), (4, 'Di', '[{"sku":"z","n":1,"parts":[7,8]}]', '[1,2]')`,
  );
  await fixture.table(
    "employee",
    ["id integer", "name varchar(20)", "manager_id integer"],
    `(100,'Carlos',NULL),(101,'John',100),(102,'Jorge',101),(103,'Kwaku',101),(110,'Liu',101),(106,'Mateo',102),(110,'Nikki',103),
     (104,'Paulo',103),(105,'Richard',103),(120,'Saanvi',104),(200,'Shirley',104),(201,'Sofía',102),(205,'Zhang',104)`,
  );
  await fixture.table(
    "part",
    ["partname varchar(20)", "manufacturer varchar(20)", "quality integer", "price decimal(12,2)"],
    `('prop','local parts co',2,10.00),('prop','big parts co',NULL,9.00),('prop','small parts co',1,12.00),
     ('rudder','local parts co',1,2.50),('rudder','big parts co',2,3.75),('rudder','small parts co',NULL,1.90),
     ('wing','local parts co',NULL,7.50),('wing','big parts co',1,15.20),('wing','small parts co',NULL,11.80)`,
  );
  await fixture.table(
    "count_by_color",
    ["quality varchar(10)", "red integer", "green integer", "blue integer"],
    "('high',15,20,7),('normal',35,NULL,40),('low',10,23,NULL)",
  );
  await fixture.table(
    "appliances",
    ["id integer", "product varchar(20)", "category varchar(20) not null", "pre_owned varchar(1)", "cost integer"],
    `(0,'laptop','computers','T',1000),(1,'smartphone','cellphones','T',800),(2,'smartphone','cellphones','T',810),
     (3,'laptop','computers','F',1050),(4,'mouse','computers','F',50)`,
  );
  await fixture.table("penstock.ledger", ["object varchar(100)", "rows bigint"], "('a', 1)");
  await fixture.table(
    "pg_catalog.pg_namespace",
    ["oid integer", "nspname varchar(20)"],
    "(11, 'pg_catalog'), (2200, 'public')",
  );
  await fixture.table("information_schema.schemata", ["schema_name varchar(20)"], "('public')");
  await fixture.table(
    "pg_catalog.pg_get_late_binding_view_cols",
    ["view_schema varchar(20)", "col_num integer"],
    "('public', 7)",
  );
  fixture.view("apple", "select symbol, bid from quotes where symbol = 'AAPL'", { columns: ["ticker", "price"] });
  fixture.view("apple_twice", "select a.ticker, b.price from apple a join apple b on a.price = b.price");
  fixture.view("late", "select * from public.venues", { lateBinding: true });
  fixture.view("loop", "select * from loop2", { lateBinding: true });
  fixture.view("loop2", "select * from loop", { lateBinding: true });
  return fixture;
}
