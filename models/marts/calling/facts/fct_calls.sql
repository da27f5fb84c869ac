select
    account_id,
    date_day,
    campaign_id,
    contact_id,
    call_id,
    dialed_at,
    direction,
    user_id,
    price,
    is_answered,
    talk_seconds,
    {{ is_conversation('is_answered', 'talk_seconds') }} as is_conversation,
    is_lead,
    is_deal
from {{ ref('int_calls') }}
order by account_id, date_day
