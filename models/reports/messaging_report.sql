{{ config(parameters=['account', 'start_day', 'end_day', 'campaign := null', 'template := null']) }}

with activity as (
    {{ activity_in_range() }}
),

counts as (
    select {{ kpi_aggregates('messaging') }}
    from activity
)

select {{ kpi_columns('messaging', 'counts') }}
from counts
