-- Rows that this finds are faults: the totals of the customers are the total of the orders.
select 1
from (select sum(total) as total from {{ ref('customer_totals') }}) a,
     (select sum(amount) as total from {{ ref('raw_orders') }}) b
where a.total <> b.total
