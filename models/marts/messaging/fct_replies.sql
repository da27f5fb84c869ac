select
    account_id,
    date_day,
    campaign_id,
    template_id,
    contact_id,
    activity_id as message_id,
    occurred_at as received_at,
    hour_of_day,
    step,
    is_opt_out,
    is_first as is_first_reply,
    previous_day_in_account,
    previous_day_in_campaign,
    previous_day_in_template,
    previous_day_in_campaign_template
from {{ ref('fct_attributed_events') }}
where activity = 'reply'
