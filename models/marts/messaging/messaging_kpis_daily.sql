with activity as (
    select
        *,
        coalesce(previous_day_in_campaign_template < date_day, true) as is_first_in_range
    from {{ ref('messaging_activity') }}
    where activity not in ('response', 'label')
),

counts as (
    select
        account_id,
        campaign_id,
        template_id,
        date_day,
        {{ kpi_aggregates('messaging') }}
    from activity
    group by account_id, campaign_id, template_id, date_day
)

select
    counts.account_id,
    counts.campaign_id,
    counts.template_id,
    counts.date_day,
    {{- kpi_columns('messaging', 'counts', mart='messaging_kpis_daily') }}
from counts
