{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['timezone', 'quarter_hour']) }}

with accounts as (
    select * from {{ ref('stg_accounts') }}
),

events as (
    {{ events_since(completed_batch() if is_incremental() else 0, ['account_id', 'occurred_at']) }}
),

quarter_hours as (
    select
        accounts.timezone,
        {{ quarter_hour('events.occurred_at') }} as quarter_hour
    from events
    inner join accounts on events.account_id = accounts.account_id
    group by 1, 2
)

select
    quarter_hours.timezone,
    quarter_hours.quarter_hour,
    {{ local_day('quarter_hours.quarter_hour', 'quarter_hours.timezone') }} as date_day,
    {{ local_hour('quarter_hours.quarter_hour', 'quarter_hours.timezone') }} as hour_of_day,
    {{ zone_release() }} as zone_release
from quarter_hours
{% if is_incremental() -%}
anti join (
    select
        {{ held_columns(['timezone', 'quarter_hour', 'hour_of_day', 'zone_release']) | join(', ') }}
    from {{ this }} as held
) as known
    on
        quarter_hours.timezone = known.timezone
        and quarter_hours.quarter_hour = known.quarter_hour
        and {{ zone_release() }} = known.zone_release
        and known.hour_of_day is not null
{%- endif %}
