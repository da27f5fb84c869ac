{{ config(parameters=['account', 'start_day', 'end_day', 'campaign := null']) }}

with calls as (
    {{ calls_in_range(ref('fct_calls')) }}
),

counts as (
    select {{ kpi_aggregates('calling') }}
    from calls
)

select {{ kpi_columns('calling', 'counts') }}
from counts
