-- Apart from int_outbound_messages, because DuckDB also computes windows that nobody reads.
with outbound_messages as (
    select * from {{ ref('int_outbound_messages') }}
),

placed_messages as (
    select
        *,
        case when is_campaign_message then {{ campaign_step(
            ['account_id', 'contact_id', 'is_campaign_message', 'campaign_id'], ['occurred_at', 'message_id']
        ) }} end as step
    from outbound_messages
),

-- Only campaign messages count contacts.
counted_messages as (
    select
        *,
        {{- previous_days(
            contact=['account_id', 'contact_id', 'is_campaign_message'],
            order_by=['occurred_at', 'message_id'],
            counted='is_campaign_message',
            further_levels={'step': ['step'], 'campaign_step': ['campaign_id', 'step']}
        ) }}
    from placed_messages
),

first_replies as (
    select
        account_id,
        contact_id,
        campaign_id,
        occurred_at
    from {{ ref('int_attributed_events') }}
    where activity = 'reply' and is_first
)

select
    messages.*,
    coalesce(messages.step = 1, false) as is_first_message,
    case
        when messages.step = 1
            then coalesce(
                replies.occurred_at between messages.occurred_at and messages.occurred_at + interval '72' hour, false
            )
    end as is_answered
from counted_messages as messages
left join first_replies as replies
    on
        messages.contact_id = replies.contact_id
        and messages.account_id = replies.account_id
        and messages.campaign_id = replies.campaign_id
