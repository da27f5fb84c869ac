-- The outbound calls, for MetricFlow, which only filters and aggregates.
with campaigns as (
    select * from {{ ref('dim_campaigns') }}
)

select
    calls.account_id,
    calls.date_day,
    calls.campaign_id,
    campaigns.campaign_name,
    campaigns.campaign_type,
    calls.contact_id,
    calls.call_id,
    calls.is_answered,
    calls.is_conversation,
    calls.talk_seconds,
    calls.price,
    calls.is_lead,
    calls.is_deal
from {{ ref('fct_calls') }} as calls
left join campaigns
    on calls.account_id = campaigns.account_id and calls.campaign_id = campaigns.campaign_id
where calls.direction = 'outbound'
