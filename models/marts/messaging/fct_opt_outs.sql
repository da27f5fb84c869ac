select
    account_id,
    date_day,
    campaign_id,
    template_id,
    contact_id,
    activity_id as opt_out_id,
    occurred_at as opted_out_at,
    step,
    source,
    previous_day_in_account,
    previous_day_in_campaign,
    previous_day_in_template,
    previous_day_in_campaign_template
from {{ ref('fct_attributed_events') }}
where activity = 'opt_out'
