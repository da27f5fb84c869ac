select
    account_id,
    campaign_id,
    outcome,
    date_day,
    count(*) as calls
from {{ ref('fct_call_outcomes') }}
where direction = 'outbound'
group by account_id, campaign_id, outcome, date_day
