-- Combinations that can be chosen: the campaign and template of at least one campaign message.
with choices as (
    select
        account_id,
        campaign_id,
        template_id
    from {{ ref('messaging_kpis_daily') }}
    where campaign_messages > 0
    group by account_id, campaign_id, template_id
)

select
    responses.account_id,
    responses.date_day,
    choices.campaign_id,
    choices.template_id,
    responses.response_seconds
from {{ ref('fct_response_times') }} as responses
inner join choices on responses.account_id = choices.account_id
