{{ config(parameters=['account', 'start_day', 'end_day', 'campaign := null', 'template := null']) }}

with activity as (
    {{ activity_in_range(grouped_by='date_day') }}
),

days as (
    {{ days_between('cast(start_day as date)', 'cast(end_day as date)') }}
),

counts as (
    select
        date_day,
        {{ messaging_counts() }}
    from activity
    group by date_day
)

select
    days.date_day,
    {{- messaging_kpis('counts', fills_gaps=true) }}
from days
left join counts on days.date_day = counts.date_day
order by days.date_day
