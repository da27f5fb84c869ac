{{ config(parameters=['account', 'start_day', 'end_day', 'campaign := null']) }}

with calls as (
    {{ calls_in_range(ref('fct_calls')) }}
),

counts as (
    select
        campaign_id,
        {{ calling_counts() }}
    from calls
    where campaign_id is not null
    group by campaign_id
)

select
    counts.campaign_id,
    campaigns.campaign_name,
    {{ calling_kpis() }}
from counts
left join {{ ref('dim_campaigns') }} as campaigns
    on counts.campaign_id = campaigns.campaign_id and campaigns.account_id = account
order by counts.campaign_id
