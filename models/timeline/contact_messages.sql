{{ config(materialized='table') }}

with events as (
    {{ of_touched_contacts(ref('stg_message_events')) }}
),

-- Nothing but an order is asked for: messages that share a hash do each other no harm.
ordered_events as (
    select
        *,
        row_number() over (
            partition by {{ key_hash(['account_id', 'contact_id', 'message_id']) }}
            order by case when event_type = 'sent' then 0 else 1 end, occurred_at, event_id
        ) as event_order
    from events
),

messages as (
    select
        account_id,
        contact_id,
        message_id,
        bool_or(event_type != 'received') as is_outbound,
        coalesce(min(occurred_at) filter (where event_type = 'sent'), min(occurred_at)) as occurred_at,
        {{ first_known('campaign_id') }} as campaign_id,
        {{ first_known('template_id') }} as template_id,
        coalesce({{ first_known('origin') }}, 'campaign') as origin,
        coalesce({{ first_known('channel') }}, 'sms') as channel,
        {{ first_known('account_number') }} as account_number,
        {{ first_known('given_segments') }} as given_segments,
        {{ first_known('body_segments') }} as body_segments,
        coalesce({{ first_known('is_opt_out_text') }}, false) as is_opt_out_text,
        case
            when bool_or(event_type = 'delivered') then 'delivered'
            when bool_or(event_type = 'carrier_blocked' or (event_type = 'undelivered' and is_carrier_block_code))
                then 'carrier_blocked'
            when bool_or(event_type = 'undelivered') then 'undelivered'
            else 'sent'
        end as status
    from ordered_events
    group by account_id, contact_id, message_id
)

select
    messages.account_id,
    messages.contact_id,
    messages.message_id,
    messages.is_outbound,
    messages.is_outbound and messages.origin = 'campaign' and messages.campaign_id is not null as is_campaign_message,
    messages.occurred_at,
    days.date_day,
    messages.campaign_id,
    messages.template_id,
    messages.origin,
    messages.channel,
    messages.account_number,
    case
        when messages.given_segments > 0 then messages.given_segments
        when messages.channel = 'mms' then 1
        else coalesce(messages.body_segments, 1)
    end as segments,
    messages.is_opt_out_text,
    messages.status
from messages
inner join {{ ref('stg_accounts') }} as accounts on messages.account_id = accounts.account_id
inner join {{ ref('local_days') }} as days
    on accounts.timezone = days.timezone and {{ quarter_hour('messages.occurred_at') }} = days.quarter_hour
