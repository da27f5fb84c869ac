select
    'message' as activity,
    account_id,
    date_day,
    campaign_id,
    template_id,
    contact_id,
    cast(null as {{ dbt.type_string() }}) as label_id,
    status,
    segments,
    is_campaign_message,
    is_first_message as is_first,
    cast(null as {{ dbt.type_string() }}) as campaign_type,
    cast(null as double) as response_seconds,
    previous_day_in_account,
    previous_day_in_campaign,
    previous_day_in_template,
    previous_day_in_campaign_template
from {{ ref('fct_messages') }}
union all
select
    activity,
    account_id,
    date_day,
    campaign_id,
    template_id,
    contact_id,
    label_id,
    cast(null as {{ dbt.type_string() }}) as status,
    cast(null as integer) as segments,
    cast(null as boolean) as is_campaign_message,
    is_first,
    cast(null as {{ dbt.type_string() }}) as campaign_type,
    cast(null as double) as response_seconds,
    previous_day_in_account,
    previous_day_in_campaign,
    previous_day_in_template,
    previous_day_in_campaign_template
from {{ ref('fct_activities') }}
