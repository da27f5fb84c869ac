with thread_messages as (
    select
        account_id,
        contact_id,
        account_number,
        message_id,
        is_outbound,
        occurred_at,
        date_day,
        user_id
    from {{ ref('int_messages') }}
    where not is_outbound or origin = 'manual'
),

-- A wait spans the messages after one answer up to the next. At the same instant the inbound message comes first.
numbered_messages as (
    select
        *,
        coalesce(sum(case when is_outbound then 1 else 0 end) over (
            partition by account_id, contact_id, account_number
            order by occurred_at, is_outbound, message_id
            rows between unbounded preceding and 1 preceding
        ), 0) as answers_before
    from thread_messages
),

waits as (
    select
        account_id,
        contact_id,
        max(message_id) filter (where is_outbound) as answer_message_id,
        min(occurred_at) filter (where not is_outbound) as started_at,
        max(occurred_at) filter (where is_outbound) as answered_at,
        min(date_day) filter (where not is_outbound) as started_day,
        max(date_day) filter (where is_outbound) as date_day,
        max(user_id) filter (where is_outbound) as user_id
    from numbered_messages
    group by account_id, contact_id, account_number, answers_before
)

select
    account_id,
    contact_id,
    answer_message_id,
    started_at,
    answered_at,
    started_day,
    date_day,
    user_id,
    {{ seconds_between('started_at', 'answered_at') }} as response_seconds
from waits
where started_at is not null and answered_at is not null
