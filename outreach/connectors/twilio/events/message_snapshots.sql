-- One row per event of the log, and why it becomes none here; null where it becomes one.
with log_rows as (
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
),

addressed_rows as (
    select
        * exclude (sender_address, recipient_address, told),
        split_part(told, '.', 2) as told,
        case when told = 'inbound-message.received' then 'inbound' else 'outbound' end as direction,
        case when told = 'inbound-message.received' then sender_address else recipient_address end as contact_address,
        case when told = 'inbound-message.received' then recipient_address else sender_address end as account_number
    from log_rows
)

select
    *,
    told as status,
    case told when 'read' then ['delivered'] when 'failed' then ['sent', 'undelivered'] else [told] end as event_types,
    case
        when told = '' then 'other_type'
        when contact_address != account_number and is_own(account_id, contact_address) and is_own(account_id, account_number) then 'internal'
        when told = 'failed' and coalesce(error_code, '') not in (select code from carrier_block_codes) then 'not_sent'
    end as skipped_because
from addressed_rows
