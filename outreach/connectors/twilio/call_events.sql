-- One row per event the landing zone lacks; the earliest of several reports of the same event.
with first_tellings as (
    select *
    from told_calls
    qualify row_number() over (
        partition by account_id, call_id, event_type order by occurred_at nulls last, synced_at, duration_seconds, answered_by
    ) = 1
),

contacts as (
    select
        account_id,
        call_id,
        arg_min(contact_address, (contains(contact_address, 'xxx'), coalesce(synced_at, timestamp '9999-12-31'), contact_address)) as contact_address
    from told_calls
    group by account_id, call_id
)

select
    first_tellings.call_id || ':' || first_tellings.event_type as event_id,
    first_tellings.event_type,
    first_tellings.account_id,
    coalesce(landed_calls.contact_id, contact_id(contacts.contact_address)) as contact_id,
    coalesce(written(first_tellings.occurred_at), first_tellings.occurred_text) as occurred_at,
    first_tellings.call_id,
    first_tellings.direction,
    first_tellings.answered_by,
    first_tellings.duration_seconds
from first_tellings
left join contacts on first_tellings.account_id = contacts.account_id and first_tellings.call_id = contacts.call_id
left join landed_calls on first_tellings.account_id = landed_calls.account_id and first_tellings.call_id = landed_calls.call_id
anti join landed_call_events as landed
    on first_tellings.account_id = landed.account_id and first_tellings.call_id || ':' || first_tellings.event_type = landed.event_id
order by occurred_at, event_id
