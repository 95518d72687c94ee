{{ config(materialized='table', dist='all') }}
with totals as (
  select customer_id, count(*) as orders, sum(amount) as total, listagg(status, ', ') within group (order by ordered_at) as statuses
  from {{ ref('stg_orders') }}
  group by 1
)
select c.customer_id, c.name, coalesce(t.orders, 0) as orders, nvl(t.total, 0) as total, t.statuses, getdate() as computed_at
from {{ ref('stg_customers') }} c
left join totals t on t.customer_id = c.customer_id
