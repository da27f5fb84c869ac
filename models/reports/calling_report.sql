{{ config(parameters=['account', 'start_day', 'end_day', 'campaign := null']) }}

with calls as (
    {{ calls_in_range(ref('fct_calls')) }}
),

counts as (
    select {{ calling_counts() }}
    from calls
)

select {{ calling_kpis() }}
from counts
