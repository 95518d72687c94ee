{{ config(materialized='incremental', incremental_strategy='append') }}
select order_id, {{ var('generation', 1) }} as generation
from {{ ref('stg_orders') }}
