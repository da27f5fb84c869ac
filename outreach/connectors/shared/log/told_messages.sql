-- One row per event in the log.
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
    tagged_campaign_id,
    tagged_template_id,
    tagged_origin,
    user_id,
    case when event_type = 'sent' then price end as price,
    coalesce(case when event_type = 'sent' then moment(sent_text) end, moment(own_text), moment(logged_text)) as occurred_at,
    coalesce(case when event_type = 'sent' then sent_text end, own_text, logged_text) as occurred_text,
    synced_at
from events
