with campaigns as (
    select * from {{ ref('dim_campaigns') }}
),

templates as (
    select
        account_id,
        template_id
    from {{ ref('messaging_kpis_daily') }}
    where template_id is not null
    group by account_id, template_id
),

metric_rows as (
    select
        activity,
        account_id,
        date_day,
        campaign_id,
        template_id,
        contact_id,
        label_id,
        status,
        segments,
        price,
        is_campaign_message,
        is_first,
        response_seconds
    from {{ ref('messaging_activity') }}
    union all
    -- The template filter does not apply to created campaigns.
    select
        'campaign_created' as activity,
        activity.account_id,
        activity.date_day,
        activity.campaign_id,
        templates.template_id,
        null as contact_id,
        null as label_id,
        null as status,
        null as segments,
        null as price,
        null as is_campaign_message,
        null as is_first,
        null as response_seconds
    from {{ ref('messaging_activity') }} as activity
    inner join templates on activity.account_id = templates.account_id
    where activity.activity = 'campaign_created'
)

select
    metric_rows.activity,
    metric_rows.account_id,
    metric_rows.date_day,
    metric_rows.campaign_id,
    metric_rows.template_id,
    -- Contact and campaign ids are unique only within an account. The length marks where the account id ends.
    concat(length(metric_rows.account_id), ':', metric_rows.account_id, metric_rows.contact_id) as contact_key,
    concat(length(metric_rows.account_id), ':', metric_rows.account_id, metric_rows.campaign_id) as campaign_key,
    campaigns.campaign_name,
    campaigns.campaign_type,
    metric_rows.label_id,
    metric_rows.status,
    metric_rows.segments,
    metric_rows.price,
    metric_rows.is_campaign_message,
    metric_rows.is_first,
    metric_rows.response_seconds
from metric_rows
left join campaigns
    on metric_rows.account_id = campaigns.account_id and metric_rows.campaign_id = campaigns.campaign_id
