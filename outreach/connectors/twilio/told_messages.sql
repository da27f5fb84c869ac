-- One row per event that a snapshot of a message tells of.
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
    -- It settles later, and lands as an attribute.
    null::decimal(38, 9) as price,
    -- What is not dated itself takes the next best time. Where none is one, what stands there lands, and the build rejects it.
    coalesce(case when event_type in ('delivered', 'undelivered') then moment(updated_text) end, sent_at) as occurred_at,
    coalesce(
        case when event_type in ('delivered', 'undelivered') then updated_text end, sent_text, created_text, updated_text
    ) as occurred_text,
    synced_at
from events
