create schema sales;
create table customers (
  id integer not null encode az64, email varchar(120) encode zstd, region char(2), primary key (id), unique (email)
) diststyle all;
create table sales.orders (
  order_id bigint identity(1,1), customer_id integer not null references customers(id), placed_at timestamp default getdate() encode az64,
  total decimal(12,2) default 0, note varchar(max), flags super, payload varbyte(16), primary key (order_id)
) diststyle key distkey(customer_id) compound sortkey(placed_at, customer_id);
create view sales.big_orders as select order_id, total from sales.orders where total > 100;
create view late as select order_id, total, placed_at from sales.orders with no schema binding;
create materialized view sales.by_region as select region, count(*) as n from customers group by region;
comment on table customers is 'Who buys';
comment on column penstock.public.customers.email is 'Where letters go';
insert into customers values (1, 'a@b.c', 'de'), (2, 'b@b.c', 'us');
insert into sales.orders (customer_id, total) values (1, 250.5), (2, 3);
create user analyst password 'Abcdefg1';
create group readers;
