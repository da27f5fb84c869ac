-- One row per message of which something is settled that the landing zone does not know yet, and that is newer than what it knows.
with settled as (
    select
        account_id,
        message_id,
        arg_max(segments, synced_at) filter (where segments is not null) as segments,
        arg_max(price, synced_at) filter (where price is not null) as price,
        max(synced_at) as synced_at
    from message_snapshots
    where skipped_because is null
    group by account_id, message_id
)

select
    settled.account_id,
    settled.message_id,
    settled.segments,
    settled.price::varchar as price,
    written(settled.synced_at) as updated_at
from settled
left join new_message_segments as new_events
    on settled.account_id = new_events.account_id and settled.message_id = new_events.message_id
left join landed_message_attributes as known
    on settled.account_id = known.account_id and settled.message_id = known.message_id
left join landed_messages as landed
    on settled.account_id = landed.account_id and settled.message_id = landed.message_id
where
    (known.updated_at is null or settled.synced_at > known.updated_at)
    and (
        settled.segments is distinct from coalesce(known.segments, landed.segments, new_events.segments) and settled.segments is not null
        or settled.price is distinct from known.price and settled.price is not null
    )
order by settled.account_id, settled.message_id
