{{ config(parameters=['account', 'start_day', 'end_day', 'campaign := null', 'template := null']) }}

with response_times as (
    select * from {{ ref('response_times_daily') }}
),

activity as (
    {{ activity_in_range(grouped_by='date_day') }}
),

days as (
    select {{ days_between('cast(start_day as date)', 'cast(end_day as date)') }} as date_day
),

counts as (
    select
        date_day,
        {{ kpi_aggregates('messaging') }}
    from activity
    -- response_times_daily has each day's median.
    where activity != 'response'
    group by date_day
)

select
    days.date_day,
    {{- kpi_columns('messaging', 'counts', fills_gaps=true, of_marts={'response_times_daily': 'response_times'}) }}
from days
left join counts on days.date_day = counts.date_day
left join response_times
    on days.date_day = response_times.date_day and response_times.account_id = account
order by days.date_day
