select
    account_id,
    date_day,
    count(*) as responses,
    median(response_seconds) as median_response_seconds
from {{ ref('fct_response_times') }}
group by account_id, date_day
