{{ config(materialized='table') }}

with accounts as (
    select * from {{ ref('stg_accounts') }}
),

days as (
    select * from {{ ref('int_local_days') }}
),

events as (
    {{ of_touched_contacts(ref('stg_message_events')) }}
),

attribute_rows as (
    {{ of_touched(ref('stg_message_attributes'), 'message_id', 'events') }}
),

attributes as (
    {{ known_attributes(
        'attribute_rows', 'message_id', ['campaign_id', 'template_id', 'origin', 'user_id', 'given_segments', 'price']
    ) | indent(4) }}
),

-- Only the order matters here, so a hash collision between two messages does no harm.
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
        {{ first_known('origin') }} as origin,
        coalesce({{ first_known('channel') }}, 'sms') as channel,
        {{ first_known('account_number') }} as account_number,
        {{ first_known('user_id') }} as user_id,
        {{ first_known('price') }} as price,
        {{ first_known('given_segments') }} as given_segments,
        {{ first_known('body_segments') }} as body_segments,
        coalesce({{ first_known('is_opt_out_text') }}, false) as is_opt_out_text,
        coalesce({{ first_known('is_opt_in_text') }}, false) as is_opt_in_text,
        case
            when bool_or(event_type = 'delivered') then 'delivered'
            when bool_or(event_type = 'carrier_blocked' or (event_type = 'undelivered' and is_carrier_block_code))
                then 'carrier_blocked'
            when bool_or(event_type = 'undelivered') then 'undelivered'
            else 'sent'
        end as status
    from ordered_events
    group by account_id, contact_id, message_id
),

known_messages as (
    select
        messages.account_id,
        messages.contact_id,
        messages.message_id,
        messages.is_outbound,
        messages.occurred_at,
        coalesce(attributes.campaign_id, messages.campaign_id) as campaign_id,
        coalesce(attributes.template_id, messages.template_id) as template_id,
        coalesce(attributes.origin, messages.origin, 'campaign') as origin,
        messages.channel,
        messages.account_number,
        coalesce(attributes.user_id, messages.user_id) as user_id,
        coalesce(attributes.price, messages.price) as price,
        coalesce(attributes.given_segments, messages.given_segments) as given_segments,
        messages.body_segments,
        messages.is_opt_out_text,
        messages.is_opt_in_text,
        messages.status
    from messages
    left join attributes on messages.message_id = attributes.message_id and messages.account_id = attributes.account_id
)

select
    messages.account_id,
    messages.contact_id,
    messages.message_id,
    messages.is_outbound,
    messages.is_outbound and messages.origin = 'campaign' and messages.campaign_id is not null as is_campaign_message,
    messages.occurred_at,
    days.date_day,
    days.hour_of_day,
    messages.campaign_id,
    messages.template_id,
    messages.origin,
    messages.channel,
    messages.account_number,
    messages.user_id,
    {{ amount('messages.price') }} as price,
    case
        when messages.given_segments > 0 then messages.given_segments
        when messages.channel = 'mms' then 1
        else coalesce(messages.body_segments, 1)
    end as segments,
    messages.is_opt_out_text,
    messages.is_opt_in_text,
    messages.status
from known_messages as messages
inner join accounts on messages.account_id = accounts.account_id
inner join days
    on accounts.timezone = days.timezone and {{ quarter_hour('messages.occurred_at') }} = days.quarter_hour
