select
    account_id,
    date_day,
    contact_id,
    answer_message_id,
    started_at,
    answered_at,
    user_id,
    response_seconds,
    business_seconds
from {{ ref('int_response_times') }}
order by account_id, date_day
