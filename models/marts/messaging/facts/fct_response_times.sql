select
    account_id,
    date_day,
    contact_id,
    answer_message_id,
    started_at,
    answered_at,
    response_seconds
from {{ ref('response_waits') }}
order by account_id, date_day
