with counts as (
    select
        account_id,
        campaign_id,
        date_day,
        {{ kpi_aggregates('calling') }}
    from {{ ref('fct_calls') }}
    where direction = 'outbound'
    group by account_id, campaign_id, date_day
)

select
    counts.account_id,
    counts.campaign_id,
    counts.date_day,
    {{ kpi_columns('calling', 'counts', mart='calling_kpis_daily') }}
from counts
