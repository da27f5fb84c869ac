-- One row per messaging service that is new, or newer than its landed row.
with latest as (
    select
        clean(account_id) as account_id,
        clean(service_id) as campaign_id,
        clean(friendly_name) as campaign_name,
        moment(clean(created_at)) as created_at,
        moment(clean(updated_at)) as updated_at
    from source_services
    qualify row_number() over (
        partition by clean(account_id), clean(service_id) order by moment(clean(updated_at)) desc nulls last, clean(friendly_name)
    ) = 1
)

select
    latest.account_id,
    latest.campaign_id,
    latest.campaign_name,
    'standard' as campaign_type,
    written(latest.created_at) as created_at,
    written(latest.updated_at) as updated_at
from latest
left join landed_campaigns as landed on latest.account_id = landed.account_id and latest.campaign_id = landed.campaign_id
where
    landed.campaign_id is null
    or (latest.campaign_name is distinct from landed.campaign_name and coalesce(latest.updated_at > landed.updated_at, landed.updated_at is null))
order by latest.account_id, latest.campaign_id
