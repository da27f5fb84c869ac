{{ config(materialized='table') }}

with moments as (
    select account_id, occurred_at from ({{ of_touched_contacts(ref('stg_message_events')) }})
    union all
    select account_id, occurred_at from ({{ of_touched_contacts(ref('stg_contact_events')) }})
    union all
    select account_id, occurred_at from ({{ of_touched_contacts(ref('stg_call_events')) }})
),

quarter_hours as (
    select
        accounts.timezone,
        {{ quarter_hour('moments.occurred_at') }} as quarter_hour
    from moments
    inner join {{ ref('stg_accounts') }} as accounts on moments.account_id = accounts.account_id
    group by 1, 2
)

select
    timezone,
    quarter_hour,
    {{ local_day('quarter_hour', 'timezone') }} as date_day
from quarter_hours
