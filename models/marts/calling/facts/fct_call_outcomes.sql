select
    account_id,
    date_day,
    campaign_id,
    contact_id,
    call_id,
    outcome,
    direction
from {{ ref('int_call_outcomes') }}
order by account_id, date_day
