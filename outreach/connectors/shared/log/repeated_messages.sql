-- One row per message that has an event twice in the log, or whose contact is written in several ways. Only these need ranking.
with tellings as (
    select
        account_id,
        message_id,
        contact_address,
        unnest(event_types) as event_type
    from message_snapshots
    where skipped_because is null
)

select
    account_id,
    message_id
from tellings
group by account_id, message_id
having count(*) > count(distinct event_type) or min(contact_address) is distinct from max(contact_address)
