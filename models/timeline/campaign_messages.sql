with campaign_messages as (
    select *
    from {{ ref('contact_messages') }}
    where is_campaign_message
),

messages_with_previous_days as (
    select
        *,
        {{- previous_days(contact=['account_id', 'contact_id'], order_by=['occurred_at', 'message_id']) }}
    from campaign_messages
)

select
    *,
    previous_day_in_campaign is null as is_first_message
from messages_with_previous_days
