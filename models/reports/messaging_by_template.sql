{{ config(parameters=['account', 'start_day', 'end_day', 'campaign := null', 'template := null']) }}

with templates as (
    select * from {{ ref('dim_message_templates') }}
),

activity as (
    {{ contact_activity_in_range(grouped_by='template_id') }}
),

account_activity as (
    {{ account_activity_in_range() }}
),

account_wide as (
    select {{ kpi_aggregates('messaging', ignoring='template') }}
    from account_activity
),

counts as (
    select
        template_id,
        {{ kpi_aggregates('messaging') }}
    from activity
    where template_id is not null
    group by template_id
)

select
    counts.template_id,
    templates.template_name,
    {{- kpi_columns('messaging', 'counts', ignoring='template') }},
    {{ wilson_bound('counts.carrier_blocked_messages', 'counts.campaign_messages', 'low') }} as carrier_block_rate_low,
    {{ wilson_bound('counts.carrier_blocked_messages', 'counts.campaign_messages', 'high') }} as carrier_block_rate_high
from counts
left join templates
    on counts.template_id = templates.template_id and templates.account_id = account
cross join account_wide
order by counts.template_id
