{{ config(parameters=['account', 'start_day', 'end_day', 'campaign := null']) }}

with calls as (
    {{ calls_in_range(ref('fct_calls')) }}
),

counts as (
    select
        user_id,
        {{ calling_counts() }}
    from calls
    group by user_id
)

select
    user_id,
    {{ calling_kpis() }}
from counts
order by user_id nulls last
