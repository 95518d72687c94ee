{% snapshot orders_snapshot %}
{{ config(target_schema='dbt_conformance', unique_key='id', strategy='check', check_cols=['status', 'amount']) }}
select * from {{ ref('raw_orders') }}
{% endsnapshot %}
