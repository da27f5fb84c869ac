{{ config(materialized='incremental', incremental_strategy='append') }}

with events as (
    select
        account_id,
        occurred_at,
        batch
    from {{ ref('stg_message_events') }}
    union all
    select
        account_id,
        occurred_at,
        batch
    from {{ ref('stg_contact_events') }}
    union all
    select
        account_id,
        occurred_at,
        batch
    from {{ ref('stg_call_events') }}
),

quarter_hours as (
    select
        accounts.timezone,
        {{ quarter_hour('events.occurred_at') }} as quarter_hour
    from events
    inner join {{ ref('stg_accounts') }} as accounts on events.account_id = accounts.account_id
    {% if is_incremental() -%}
    where greatest(events.batch, accounts.batch) > {{ settled_batch() }}
    {%- endif %}
    group by 1, 2
)

select
    quarter_hours.timezone,
    quarter_hours.quarter_hour,
    {{ local_day('quarter_hours.quarter_hour', 'quarter_hours.timezone') }} as date_day
from quarter_hours
{% if is_incremental() -%}
anti join {{ this }} as known
    on quarter_hours.timezone = known.timezone and quarter_hours.quarter_hour = known.quarter_hour
{%- endif %}
