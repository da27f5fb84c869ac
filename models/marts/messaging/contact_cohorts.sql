with first_messages as (
    select
        account_id,
        contact_id,
        date_day,
        campaign_id,
        template_id
    from {{ ref('fct_messages') }}
    -- A contact's first campaign message is the one without an earlier one.
    where is_campaign_message and previous_day_in_account is null
),

opt_outs as (
    select
        account_id,
        contact_id,
        max(date_day) as date_day
    from {{ ref('fct_opt_outs') }}
    group by account_id, contact_id
)

select
    first_messages.account_id,
    first_messages.contact_id,
    first_messages.date_day as first_message_day,
    first_messages.campaign_id,
    first_messages.template_id,
    coalesce(opt_outs.date_day >= first_messages.date_day, false) as has_opted_out
from first_messages
left join opt_outs
    on first_messages.account_id = opt_outs.account_id and first_messages.contact_id = opt_outs.contact_id
