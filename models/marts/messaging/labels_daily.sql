select
    account_id,
    campaign_id,
    template_id,
    label_id,
    date_day,
    count(*) filter (where coalesce(previous_day_in_campaign_template < date_day, true)) as contacts
from {{ ref('fct_label_additions') }}
group by account_id, campaign_id, template_id, label_id, date_day
