-- One row per event that a snapshot of a call implies.
with events as (
    select
        *,
        unnest(case when status = 'completed' then ['dialed', 'answered', 'ended'] else ['dialed'] end) as event_type
    from call_snapshots
    where skipped_because is null
)

select
    account_id,
    call_id,
    event_type,
    direction,
    contact_address,
    case
        when event_type != 'answered' then null
        when starts_with(answered_by, 'machine') or answered_by = 'fax' then 'machine'
        when answered_by = 'human' then 'human'
    end as answered_by,
    case when event_type = 'ended' then duration_seconds end as duration_seconds,
    coalesce(
        case when event_type = 'ended' then moment(ended_text) end, moment(started_text), moment(created_text), moment(updated_text)
    ) as occurred_at,
    coalesce(case when event_type = 'ended' then ended_text end, started_text, created_text, updated_text) as occurred_text,
    synced_at
from events
