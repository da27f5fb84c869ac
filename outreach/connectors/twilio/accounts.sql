-- One row per account that is new, or newer than its landed row.
with latest as (
    select
        clean(account_id) as account_id,
        nullif(clean(owner_account_id), clean(account_id)) as parent_account_id,
        clean(friendly_name) as account_name,
        moment(clean(created_at)) as created_at,
        moment(clean(updated_at)) as updated_at
    from source_accounts
    qualify row_number() over (
        partition by clean(account_id) order by moment(clean(updated_at)) desc nulls last, clean(friendly_name), clean(owner_account_id)
    ) = 1
)

select
    latest.account_id,
    latest.parent_account_id,
    latest.account_name,
    written(latest.created_at) as created_at,
    written(latest.updated_at) as updated_at
from latest
left join landed_accounts as landed on latest.account_id = landed.account_id
where
    landed.account_id is null
    or (
        (latest.parent_account_id, latest.account_name) is distinct from (landed.parent_account_id, landed.account_name)
        and coalesce(latest.updated_at > landed.updated_at, landed.updated_at is null)
    )
order by latest.account_id
