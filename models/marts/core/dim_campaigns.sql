{{ config(materialized='table') }}

with accounts as (
    select * from {{ ref('stg_accounts') }}
)

select
    campaigns.account_id,
    campaigns.campaign_id,
    campaigns.campaign_name,
    campaigns.campaign_type,
    campaigns.created_at,
    -- Days of an account that is not there yet are those of UTC.
    {{ local_day('campaigns.created_at', "coalesce(accounts.timezone, 'UTC')") }} as created_day,
    campaigns.updated_at
from {{ ref('stg_campaigns') }} as campaigns
left join accounts on campaigns.account_id = accounts.account_id
