{{ config(materialized='table', post_hook='{{ remember_touched() }}') }}
{%- set completed_batch = completed_batch() %}
{%- set described = [
    ('stg_message_events', 'stg_message_attributes', 'message_id'), ('stg_call_events', 'stg_call_attributes', 'call_id'),
] %}

with {% for events, attributes, _ in described -%}
{{ events }} as (
    select * from {{ ref(events) }}
),

{{ attributes }} as (
    select * from {{ ref(attributes) }}
),

{% endfor -%}

changed_events as (
    {{ events_since(completed_batch, ['account_id', 'contact_id']) }}
    {%- for events, attributes, key in described %}
    union all
    select
        events.account_id,
        events.contact_id
    from {{ events }} as events
    inner join {{ attributes }} as attributes
        on events.{{ key }} = attributes.{{ key }} and events.account_id = attributes.account_id
    where attributes.batch > {{ completed_batch }}
    {%- endfor %}
)

select distinct
    account_id,
    contact_id
from changed_events
-- If all contacts are touched, no selection and no list is needed.
where {{ completed_batch }} > 0
