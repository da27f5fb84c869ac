-- One row per message with segments or a price that the landing zone lacks, and that are newer than what it has.
with settled as (
    select
        account_id,
        message_id,
        segments,
        price,
        synced_at
    from message_snapshots
    anti join repeated_messages using (account_id, message_id)
    where skipped_because is null
    union all
    select
        account_id,
        message_id,
        arg_max(segments, synced_at) filter (where segments is not null) as segments,
        arg_max(price, synced_at) filter (where price is not null) as price,
        max(synced_at) as synced_at
    from message_snapshots
    semi join repeated_messages using (account_id, message_id)
    where skipped_because is null
    group by account_id, message_id
),

newer as (
    select
        settled.*,
        known.segments as known_segments,
        coalesce(settled.price is distinct from known.price and settled.price is not null, false) as has_new_price
    from settled
    left join landed_message_attributes as known
        on settled.account_id = known.account_id and settled.message_id = known.message_id
    where
        (known.updated_at is null or settled.synced_at > known.updated_at)
        and (settled.segments is distinct from known.segments or settled.price is distinct from known.price)
),

-- The segments given by the message's own events, including those of this run.
segments_of_events as (
    select
        account_id,
        message_id,
        max(segments) filter (where is_landed) as landed_segments,
        max(segments) filter (where not is_landed) as new_segments
    from (
        select account_id, message_id, whole_number(segments) as segments, true as is_landed from landed_message_events
        where whole_number(segments) > 0
        union all
        select account_id, message_id, segments::int as segments, false as is_landed from new_message_events
    ) as events
    semi join newer using (account_id, message_id)
    group by account_id, message_id
)

select
    newer.account_id,
    newer.message_id,
    newer.segments,
    newer.price::varchar as price,
    written(newer.synced_at) as updated_at
from newer
left join segments_of_events as of_events on newer.account_id = of_events.account_id and newer.message_id = of_events.message_id
where
    newer.has_new_price
    or (
        newer.segments is not null
        and newer.segments is distinct from coalesce(newer.known_segments, of_events.landed_segments, of_events.new_segments)
    )
