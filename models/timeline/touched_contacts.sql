{{ config(materialized='table', post_hook='{{ remember_touched() }}') }}
{%- set settled_batch = settled_batch() %}

with events as (
    select
        account_id,
        contact_id,
        batch
    from {{ ref('stg_message_events') }}
    union all
    select
        account_id,
        contact_id,
        batch
    from {{ ref('stg_contact_events') }}
    union all
    select
        account_id,
        contact_id,
        batch
    from {{ ref('stg_call_events') }}
)

select distinct
    events.account_id,
    events.contact_id
from events
inner join {{ ref('stg_accounts') }} as accounts on events.account_id = accounts.account_id
where
    greatest(events.batch, accounts.batch) > {{ settled_batch }}
    -- Where everything is touched nothing has to be selected, and the contacts need no list.
    and {{ settled_batch }} > 0
