select
    account_id,
    contact_id,
    message_id,
    occurred_at,
    date_day,
    hour_of_day,
    campaign_id,
    template_id,
    origin,
    channel,
    segments,
    status,
    user_id,
    price,
    true as is_campaign_message
from {{ ref('int_messages') }}
where is_campaign_message
union all
select
    account_id,
    contact_id,
    activity_id as message_id,
    occurred_at,
    date_day,
    hour_of_day,
    campaign_id,
    template_id,
    origin,
    channel,
    segments,
    status,
    user_id,
    price,
    false as is_campaign_message
from {{ ref('int_attributed_events') }}
where activity = 'message'
