{{ config(materialized='table') }}

-- The days a wait may span, each with its opening hours. Closed days are included, since the running total needs them.
with hours as (
    select * from {{ ref('stg_business_hours') }}
),

accounts as (
    select distinct
        account_id,
        timezone
    from hours
),

spans as (
    select
        waits.account_id,
        accounts.timezone,
        min(waits.started_day) as first_day,
        max(waits.date_day) as last_day
    from {{ ref('int_response_waits') }} as waits
    inner join accounts on waits.account_id = accounts.account_id
    group by waits.account_id, accounts.timezone
),

days as (
    select
        account_id,
        timezone,
        {{ days_between('first_day', 'last_day') }} as date_day
    from spans
),

openings as (
    select
        days.account_id,
        days.date_day,
        {{ moment_of('days.date_day', 'hours.opens_at_minute', 'days.timezone') }} as opens_at,
        {{ moment_of('days.date_day', 'hours.closes_at_minute', 'days.timezone') }} as closes_at
    from days
    left join hours
        on days.account_id = hours.account_id and {{ weekday('days.date_day') }} = hours.weekday
)

select
    account_id,
    date_day,
    opens_at,
    closes_at,
    coalesce(sum({{ seconds_between('opens_at', 'closes_at') }}) over (
        partition by account_id order by date_day, opens_at rows between unbounded preceding and 1 preceding
    ), 0) as seconds_before
from openings
