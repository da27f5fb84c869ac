select
    account_id,
    date_day,
    campaign_id,
    template_id,
    contact_id,
    activity_id as event_id,
    occurred_at as created_at,
    is_first as is_first_lead
from {{ ref('fct_attributed_events') }}
where activity = 'lead'
