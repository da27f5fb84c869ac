{{ config(materialized='ephemeral') }}

-- The open time between two moments is the open time up to the second, less that up to the first.
with days as (
    select * from {{ ref('int_business_days') }}
),

ends as (
    select
        account_id,
        contact_id,
        answer_message_id,
        started_day as date_day,
        started_at as moment,
        -1 as sign
    from {{ ref('int_response_waits') }}
    union all
    select
        account_id,
        contact_id,
        answer_message_id,
        date_day,
        answered_at as moment,
        1 as sign
    from {{ ref('int_response_waits') }}
),

open_before_ends as (
    select
        ends.account_id,
        ends.contact_id,
        ends.answer_message_id,
        ends.sign,
        coalesce(
            max(
                case
                    when days.opens_at <= ends.moment
                        then
                            days.seconds_before
                            + {{ seconds_between('days.opens_at', 'least(ends.moment, days.closes_at)') }}
                end
            ),
            -- Before the first opening of the day.
            min(days.seconds_before)
        ) as seconds
    from ends
    inner join days
        on ends.account_id = days.account_id and ends.date_day = days.date_day
    group by ends.account_id, ends.contact_id, ends.answer_message_id, ends.sign
),

open_between as (
    select
        account_id,
        contact_id,
        answer_message_id,
        sum(sign * seconds) as business_seconds
    from open_before_ends
    group by account_id, contact_id, answer_message_id
)

select
    waits.account_id,
    waits.contact_id,
    waits.answer_message_id,
    waits.started_at,
    waits.answered_at,
    waits.date_day,
    waits.user_id,
    waits.response_seconds,
    -- Without business hours, all hours count.
    coalesce(open_between.business_seconds, waits.response_seconds) as business_seconds
from {{ ref('int_response_waits') }} as waits
left join open_between
    on
        waits.answer_message_id = open_between.answer_message_id
        and waits.contact_id = open_between.contact_id
        and waits.account_id = open_between.account_id
