{{ config(parameters=['account', 'start_day', 'end_day', 'campaign := null']) }}

with calls as (
    {{ calls_in_range(ref('fct_calls')) }}
),

days as (
    {{ days_between('cast(start_day as date)', 'cast(end_day as date)') }}
),

counts as (
    select
        days.date_day,
        {{ calling_counts() }}
    from days
    left join calls on days.date_day = calls.date_day
    group by days.date_day
)

select
    date_day,
    {{ calling_kpis() }}
from counts
order by date_day
