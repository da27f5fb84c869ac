with outbound_messages as (
    select
        account_id,
        contact_id,
        message_id,
        occurred_at,
        date_day,
        campaign_id,
        template_id,
        origin,
        channel,
        segments,
        status,
        true as is_campaign_message,
        is_first_message,
        previous_day_in_account,
        previous_day_in_campaign,
        previous_day_in_template,
        previous_day_in_campaign_template
    from {{ ref('campaign_messages') }}
    union all
    select
        account_id,
        contact_id,
        activity_id as message_id,
        occurred_at,
        date_day,
        campaign_id,
        template_id,
        origin,
        channel,
        segments,
        status,
        false as is_campaign_message,
        false as is_first_message,
        null as previous_day_in_account,
        null as previous_day_in_campaign,
        null as previous_day_in_template,
        null as previous_day_in_campaign_template
    from {{ ref('contact_timeline') }}
    where activity = 'message'
)

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
    is_campaign_message,
    is_first_message,
    previous_day_in_account,
    previous_day_in_campaign,
    previous_day_in_template,
    previous_day_in_campaign_template
from outbound_messages
order by account_id, date_day
