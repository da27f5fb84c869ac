{{ config(materialized='table') }}

with campaigns as (
    select * from {{ ref('stg_campaigns') }}
),

accounts as (
    select * from {{ ref('stg_accounts') }}
)

select
    campaigns.account_id,
    campaigns.campaign_id,
    campaigns.campaign_name,
    campaigns.campaign_type,
    campaigns.created_at,
    -- Until its account lands, a campaign's day is in UTC.
    {{ local_day('campaigns.created_at', "coalesce(accounts.timezone, 'UTC')") }} as created_day,
    campaigns.updated_at
from campaigns
left join accounts on campaigns.account_id = accounts.account_id
