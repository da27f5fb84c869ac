select
    account_id,
    date_day,
    activity,
    campaign_id,
    template_id,
    contact_id,
    activity_id,
    source,
    occurred_at,
    hour_of_day,
    step,
    label_id,
    is_opt_out_text as is_opt_out,
    is_first,
    previous_day_in_account,
    previous_day_in_campaign,
    previous_day_in_template,
    previous_day_in_campaign_template
from {{ ref('int_attributed_events') }}
where activity != 'message' and (activity != 'label' or label_id is not null)
order by account_id, date_day
