-- One row per webhook: the events it becomes, or why it becomes none. The application's id identifies the account.
with webhooks as (
    select
        clean(event ->> 'type') as landed_type,
        clean(event ->> 'time') as logged_text,
        clean(event ->> '$.message.time') as sent_text,
        clean(event ->> '$.message.applicationId') as account_id,
        clean(event ->> '$.message.id') as message_id,
        address(event ->> '$.message.from') as sender_address,
        address(coalesce(event ->> 'to', event ->> '$.message.to[0]')) as recipient_address,
        -- Outbound messages come back with an empty text.
        nullif(event ->> '$.message.text', '') as body,
        error_code(clean(event ->> 'errorCode')) as error_code,
        coalesce(json_array_length(event -> '$.message.media'), 0) > 0 as is_mms,
        nullif(whole_number(clean(event ->> '$.message.segmentCount')), 0) as segments,
        -- One text holds all tags: `campaign:spring template:t1`.
        string_split_regex(coalesce(event ->> '$.message.tag', ''), '[\s,;]+') as tags
    from source_events
),

typed_webhooks as (
    select
        *,
        landed_type = 'message-received' as is_inbound,
        -- The second digit of a code says who refused the message: from 6 on, the carrier or a party behind it.
        coalesce(substr(error_code, 2, 1) >= '6' or error_code in (select code from carrier_block_codes), false) as has_left,
        case landed_type
            when 'message-received' then ['received']
            when 'message-sending' then ['sent']
            when 'message-delivered' then ['sent', 'delivered']
            when 'message-failed' then ['sent', 'undelivered']
        end as event_types
    from webhooks
)

select
    * exclude (has_left, tags),
    landed_type as status,
    null::varchar as service_id,
    null::varchar as own_text,
    null::decimal(38, 9) as price,
    tagged(tags, 'campaign') as tagged_campaign_id,
    tagged(tags, 'template') as tagged_template_id,
    tagged(tags, 'origin') as tagged_origin,
    tagged(tags, 'user') as user_id,
    case
        when event_types is null then 'other_type'
        when landed_type = 'message-failed' and not has_left then 'not_sent'
    end as left_out_because
from typed_webhooks
