-- Put together before anything is sorted: DuckDB does not spill where it sorts a union.
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
        user_id,
        price,
        true as is_campaign_message
    from {{ ref('contact_messages') }}
    where is_campaign_message
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
        user_id,
        price,
        false as is_campaign_message
    from {{ ref('contact_timeline') }}
    where activity = 'message'
),

-- Only campaign messages count a contact.
messages_with_previous_days as (
    select
        *,
        {{- previous_days(
            contact=['account_id', 'contact_id', 'is_campaign_message'],
            order_by=['occurred_at', 'message_id'],
            counted='is_campaign_message'
        ) }}
    from outbound_messages
)

select
    *,
    is_campaign_message and previous_day_in_campaign is null as is_first_message
from messages_with_previous_days
