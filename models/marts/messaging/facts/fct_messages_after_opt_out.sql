select
    account_id,
    date_day,
    campaign_id,
    template_id,
    contact_id,
    message_id,
    occurred_at as sent_at,
    opted_out_at
from {{ ref('int_messages_after_opt_out') }}
order by account_id, date_day
