select
    'response' as activity,
    account_id,
    date_day,
    cast(null as {{ dbt.type_string() }}) as campaign_id,
    cast(null as {{ dbt.type_string() }}) as template_id,
    contact_id,
    cast(null as {{ dbt.type_string() }}) as label_id,
    cast(null as {{ dbt.type_string() }}) as status,
    cast(null as integer) as segments,
    cast(null as decimal(18, 9)) as price,
    cast(null as boolean) as is_campaign_message,
    cast(null as boolean) as is_first,
    cast(null as {{ dbt.type_string() }}) as campaign_type,
    response_seconds,
    cast(null as date) as previous_day_in_account,
    cast(null as date) as previous_day_in_campaign,
    cast(null as date) as previous_day_in_template,
    cast(null as date) as previous_day_in_campaign_template
from {{ ref('fct_response_times') }}
union all
select
    'campaign_created' as activity,
    account_id,
    created_day as date_day,
    campaign_id,
    cast(null as {{ dbt.type_string() }}) as template_id,
    cast(null as {{ dbt.type_string() }}) as contact_id,
    cast(null as {{ dbt.type_string() }}) as label_id,
    cast(null as {{ dbt.type_string() }}) as status,
    cast(null as integer) as segments,
    cast(null as decimal(18, 9)) as price,
    cast(null as boolean) as is_campaign_message,
    cast(null as boolean) as is_first,
    campaign_type,
    cast(null as double) as response_seconds,
    cast(null as date) as previous_day_in_account,
    cast(null as date) as previous_day_in_campaign,
    cast(null as date) as previous_day_in_template,
    cast(null as date) as previous_day_in_campaign_template
from {{ ref('dim_campaigns') }}
where created_day is not null
