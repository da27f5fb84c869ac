select
    account_id,
    date_day,
    campaign_id,
    template_id,
    contact_id,
    activity_id as event_id,
    occurred_at as labelled_at,
    label_id,
    previous_day_in_account,
    previous_day_in_campaign,
    previous_day_in_template,
    previous_day_in_campaign_template
from {{ ref('fct_attributed_events') }}
where activity = 'label'
