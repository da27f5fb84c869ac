-- One row per event that a snapshot of a message implies.
with events as (
    select
        *,
        unnest(event_types) as event_type
    from new_snapshots
)

select
    account_id,
    message_id,
    event_type,
    direction,
    contact_address,
    account_number,
    case when event_type in ('sent', 'received') then body end as body,
    case when is_mms then 'mms' else 'sms' end as channel,
    segments,
    case when event_type = 'undelivered' then error_code end as error_code,
    service_id,
    null::varchar as tagged_campaign_id,
    null::varchar as tagged_template_id,
    null::varchar as tagged_origin,
    null::varchar as user_id,
    -- Settles later, and lands as an attribute.
    null::decimal(38, 9) as price,
    -- An event without its own time takes the next best one. If none is a time, the raw text lands, and the build rejects it.
    coalesce(case when event_type in ('delivered', 'undelivered') then moment(updated_text) end, sent_at) as occurred_at,
    coalesce(
        case when event_type in ('delivered', 'undelivered') then updated_text end, sent_text, created_text, updated_text
    ) as occurred_text,
    synced_at
from events
