{{ config(parameters=['account', 'start_day', 'end_day', 'campaign := null']) }}

with campaigns as (
    select * from {{ ref('dim_campaigns') }}
),

calls as (
    {{ calls_in_range(ref('fct_calls')) }}
),

counts as (
    select
        campaign_id,
        {{ kpi_aggregates('calling') }}
    from calls
    where campaign_id is not null
    group by campaign_id
)

select
    counts.campaign_id,
    campaigns.campaign_name,
    {{ kpi_columns('calling', 'counts') }}
from counts
left join campaigns
    on counts.campaign_id = campaigns.campaign_id and campaigns.account_id = account
order by counts.campaign_id
