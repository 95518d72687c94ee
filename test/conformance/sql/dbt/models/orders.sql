{{ config(materialized='table', dist='customer_id', sort=['ordered_at', 'order_id'], sort_type='compound') }}
select o.order_id, o.customer_id, c.name as customer, o.status, o.amount, o.ordered_at,
       row_number() over (partition by o.customer_id order by o.ordered_at) as nth_of_customer
from {{ ref('stg_orders') }} o
join {{ ref('stg_customers') }} c using (customer_id)
