-- One row per raw row: its values in one form, the events it becomes, and the reason to skip it; null if it is not skipped.
with snapshots as (
    select
        clean(account_id) as account_id,
        clean(message_id) as message_id,
        lower(clean(direction)) as direction,
        lower(clean(status)) as status,
        address(number_text(sender)) as sender_address,
        address(number_text(recipient)) as recipient_address,
        body,
        error_code(clean(error_code)) as error_code,
        coalesce(whole_number(clean(num_media)), 0) > 0 as is_mms,
        nullif(whole_number(clean(num_segments)), 0) as segments,
        clean(service_id) as service_id,
        amount(clean(price)) as price,
        clean(sent_at) as sent_text,
        clean(created_at) as created_text,
        clean(updated_at) as updated_text,
        coalesce(moment(clean(sent_at)), moment(clean(created_at)), moment(clean(updated_at))) as sent_at,
        coalesce(
            moment(clean(synced_at)), moment(clean(updated_at)), moment(clean(created_at)), timestamp '1970-01-01 00:00:00'
        ) as synced_at,
        coalesce(lower(clean(is_deleted)) in ('true', 't', '1'), false) as is_deleted
    from source_messages
),

addressed_snapshots as (
    select
        * exclude (sender_address, recipient_address),
        case when direction = 'inbound' then sender_address else recipient_address end as contact_address,
        case when direction = 'inbound' then recipient_address else sender_address end as account_number
    from snapshots
)

select
    * exclude (is_deleted),
    case
        when direction = 'inbound' then ['received']
        when status in ('delivered', 'read', 'partially_delivered') then ['sent', 'delivered']
        when status in ('undelivered', 'failed') then ['sent', 'undelivered']
        else ['sent']
    end as event_types,
    case
        when is_deleted then 'deleted'
        when coalesce(direction, '') not in ('inbound', 'outbound', 'outbound-api', 'outbound-call', 'outbound-reply') then 'unknown_direction'
        when is_internal(account_id, contact_address, account_number) then 'internal'
        when status in ('accepted', 'scheduled', 'queued', 'sending', 'canceled', 'receiving')
            then case when direction = 'inbound' then 'not_received' else 'not_sent' end
        when direction = 'inbound' then case when coalesce(status, '') != 'received' then 'unknown_status' end
        when coalesce(status, '') not in ('sent', 'delivered', 'read', 'partially_delivered', 'undelivered', 'failed') then 'unknown_status'
        when status = 'failed' and coalesce(error_code, '') not in (select code from carrier_block_codes) then 'not_sent'
    end as skipped_because
from addressed_snapshots
