{{ config(materialized='materialized_view', auto_refresh=false) }}
select trunc(ordered_at) as day, sum(amount) as amount
from {{ ref('raw_orders') }}
group by 1
