-- One row per call with a price the landing zone lacks.
with settled as (
    select
        account_id,
        call_id,
        arg_max(price, synced_at) filter (where price is not null) as price,
        max(synced_at) as synced_at
    from call_snapshots
    where skipped_because is null
    group by account_id, call_id
)

select
    settled.account_id,
    settled.call_id,
    settled.price::varchar as price,
    written(settled.synced_at) as updated_at
from settled
left join landed_call_attributes as known on settled.account_id = known.account_id and settled.call_id = known.call_id
where
    settled.price is not null
    and settled.price is distinct from known.price
    and (known.updated_at is null or settled.synced_at > known.updated_at)
order by settled.account_id, settled.call_id
