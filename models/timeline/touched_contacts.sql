{{ config(materialized='table', post_hook='{{ remember_touched() }}') }}
{%- set settled_batch = settled_batch() %}

with changed_events as (
    {{ events_since(settled_batch, ['account_id', 'contact_id']) }}
)

select distinct
    account_id,
    contact_id
from changed_events
-- Where everything is touched nothing has to be selected, and the contacts need no list.
where {{ settled_batch }} > 0
