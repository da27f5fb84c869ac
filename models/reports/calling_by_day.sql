{{ config(parameters=['account', 'start_day', 'end_day', 'campaign := null']) }}

with calls as (
    {{ calls_in_range(ref('fct_calls')) }}
),

days as (
    select {{ days_between('cast(start_day as date)', 'cast(end_day as date)') }} as date_day
),

counts as (
    select
        date_day,
        {{ kpi_aggregates('calling') }}
    from calls
    group by date_day
)

select
    days.date_day,
    {{ kpi_columns('calling', 'counts', fills_gaps=true) }}
from days
left join counts on days.date_day = counts.date_day
order by days.date_day
