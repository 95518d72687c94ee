{{ config(materialized='incremental', unique_key=['order_id'], incremental_strategy='delete+insert') }}
select order_id, status, {{ var('generation', 1) }} as generation
from {{ ref('stg_orders') }}
{% if is_incremental() %}
where order_id > 3
{% endif %}
