{{ config(parameters=['account', 'start_day', 'end_day', 'campaign := null']) }}

with calls as (
    {{ calls_in_range(ref('fct_calls')) }}
),

counts as (
    select
        user_id,
        {{ kpi_aggregates('calling') }}
    from calls
    group by user_id
)

select
    counts.user_id,
    {{ kpi_columns('calling', 'counts') }}
from counts
order by counts.user_id nulls last
