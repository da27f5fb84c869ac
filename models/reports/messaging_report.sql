{{ config(parameters=['account', 'start_day', 'end_day', 'campaign := null', 'template := null']) }}

with activity as (
    {{ activity_in_range() }}
),

counts as (
    select {{ messaging_counts() }}
    from activity
)

select {{ messaging_kpis('counts') }}
from counts
