-- One row per message with an event the landing zone lacks.
with tellings as (
    select
        account_id,
        message_id,
        unnest(event_types) as event_type
    from message_snapshots
    where skipped_because is null
)

select distinct
    tellings.account_id,
    tellings.message_id
from tellings
anti join landed_message_events as landed
    on tellings.account_id is not distinct from landed.account_id and tellings.message_id || ':' || tellings.event_type = landed.event_id
