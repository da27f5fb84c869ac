{{ config(parameters=['account', 'start_day', 'end_day', 'campaign := null', 'template := null']) }}

with campaigns as (
    select * from {{ ref('dim_campaigns') }}
),

activity as (
    {{ activity_in_range(grouped_by='campaign_id') }}
),

account_activity as (
    {{ account_activity_in_range() }}
),

account_wide as (
    select {{ kpi_aggregates('messaging', ignoring='campaign') }}
    from account_activity
),

counts as (
    select
        campaign_id,
        {{ kpi_aggregates('messaging') }}
    from activity
    where campaign_id is not null
    group by campaign_id
)

select
    counts.campaign_id,
    campaigns.campaign_name,
    {{- kpi_columns('messaging', 'counts', ignoring='campaign') }}
from counts
left join campaigns
    on counts.campaign_id = campaigns.campaign_id and campaigns.account_id = account
cross join account_wide
order by counts.campaign_id
