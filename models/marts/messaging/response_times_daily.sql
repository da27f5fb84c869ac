with responses as (
    select
        *,
        'response' as activity
    from {{ ref('fct_response_times') }}
)

select
    account_id,
    date_day,
    count(*) as responses,
    {{ median_response_seconds() }}
from responses
group by account_id, date_day
