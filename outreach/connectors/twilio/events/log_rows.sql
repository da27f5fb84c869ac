-- One row per log event: the events it becomes, or why it becomes none.
with typed_rows as (
    select
        clean(data ->> 'accountSid') as account_id,
        clean(data ->> 'messageSid') as message_id,
        regexp_extract(type, '^com\.twilio\.messaging\.(message\.(sent|delivered|undelivered|failed|read)|inbound-message\.received)$', 1)
            as told,
        clean(type) as landed_type,
        address(number_text(data ->> 'from')) as sender_address,
        address(number_text(data ->> 'to')) as recipient_address,
        data ->> 'body' as body,
        error_code(clean(data ->> 'errorCode')) as error_code,
        coalesce(whole_number(clean(data ->> 'numMedia')), 0) > 0 as is_mms,
        nullif(whole_number(clean(data ->> 'numberOfSegments')), 0) as segments,
        clean(data ->> 'messagingServiceSid') as service_id,
        clean(data -> 'tags' ->> 'campaign') as tagged_campaign_id,
        clean(data -> 'tags' ->> 'template') as tagged_template_id,
        clean(data -> 'tags' ->> 'origin') as tagged_origin,
        clean(data -> 'tags' ->> 'user') as user_id,
        null::decimal(38, 9) as price,
        clean(data ->> 'timestamp') as own_text,
        clean(time) as logged_text,
        null::varchar as sent_text
    from (select event ->> 'type' as type, event ->> 'time' as time, event -> 'data' as data from source_events)
)

select
    * exclude (told),
    split_part(told, '.', 2) as status,
    told = 'inbound-message.received' as is_inbound,
    case split_part(told, '.', 2)
        when 'read' then ['delivered']
        when 'failed' then ['sent', 'undelivered']
        else [split_part(told, '.', 2)]
    end as event_types,
    case
        when told = '' then 'other_type'
        when told = 'message.failed' and coalesce(error_code, '') not in (select code from carrier_block_codes) then 'not_sent'
    end as left_out_because
from typed_rows
