with counts as (
    select
        account_id,
        campaign_id,
        date_day,
        {{ calling_counts() }}
    from {{ ref('fct_calls') }}
    where direction = 'outbound'
    group by account_id, campaign_id, date_day
)

select
    account_id,
    campaign_id,
    date_day,
    {{ calling_kpis() }}
from counts
