with events as (
    {{ of_touched_contacts(ref('stg_call_events')) }}
)

select
    calls.account_id,
    calls.contact_id,
    calls.call_id,
    events.outcome,
    calls.date_day,
    calls.campaign_id,
    calls.direction
from events
inner join {{ ref('contact_calls') }} as calls
    on events.call_id = calls.call_id and events.contact_id = calls.contact_id and events.account_id = calls.account_id
where events.event_type = 'outcome_recorded' and events.outcome is not null
group by 1, 2, 3, 4, 5, 6, 7
