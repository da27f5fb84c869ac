select
    account_id,
    date_day,
    campaign_id,
    template_id,
    contact_id,
    message_id,
    occurred_at as sent_at,
    origin,
    channel,
    segments,
    status,
    user_id,
    price,
    is_campaign_message,
    is_first_message,
    previous_day_in_account,
    previous_day_in_campaign,
    previous_day_in_template,
    previous_day_in_campaign_template
from {{ ref('outbound_messages') }}
order by account_id, date_day
