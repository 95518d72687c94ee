-- In the second run the rows above 3 are those of the second generation, and no row is twice.
select order_id from {{ ref('events_merged') }}
where generation <> case when order_id > 3 then {{ var('generation', 1) }} else 1 end
union all
select order_id from {{ ref('events_replaced') }}
where generation <> case when order_id > 3 then {{ var('generation', 1) }} else 1 end
