{{ config(parameters=['account', 'start_day', 'end_day', 'campaign := null', 'template := null']) }}

with activity as (
    {{ activity_in_range(grouped_by='date_day') }}
),

days as (
    {{ days_between('cast(start_day as date)', 'cast(end_day as date)') }}
),

counts as (
    select
        days.date_day,
        {{ messaging_counts() }}
    from days
    left join activity on days.date_day = activity.date_day
    group by days.date_day
)

select
    counts.date_day,
    {{- messaging_kpis('counts') }}
from counts
order by counts.date_day
