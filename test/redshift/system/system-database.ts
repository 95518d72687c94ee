import { openTestDatabase, type TestDatabase, type TestSession, WITH_SYSTEM } from "../support/database.js";

/** A database with its system relations, and the first session. */
export async function openSystemDatabase(): Promise<TestSession & { readonly database: TestDatabase }> {
  const database = await openTestDatabase(WITH_SYSTEM);
  return { database, ...(await database.session()) };
}

/** One of everything that the catalog shows. */
export const SHOP = `
  create schema shop;
  create table shop.orders (id integer not null, name varchar(64) encode zstd, amount decimal(12,2), placed timestamp, doc super, primary key (id))
    distkey(id) compound sortkey(placed, id);
  create table shop.lines (order_id integer references shop.orders(id), n integer identity(1,1), note varchar default 'none', unique (order_id, n)) diststyle all;
  create view shop.large as select id, name from shop.orders where amount > 100;
  create view shop.late as select id, amount from shop.orders with no schema binding;
  create materialized view shop.daily as select placed, sum(amount) as amount from shop.orders group by placed;
  comment on table shop.orders is 'what was ordered';
  comment on column shop.orders.name is 'who ordered'`;
