{{ config(materialized='incremental', unique_key='order_id', incremental_strategy='merge', on_schema_change='append_new_columns') }}
select order_id, status, amount, {{ var('generation', 1) }} as generation
from {{ ref('stg_orders') }}
{% if is_incremental() %}
where order_id > 3
{% endif %}
