{#
    An event id that comes again with another type is a duplicate. Most likely all events of a message share its id, and their content
    is lost.
#}
{{ config(warn_if='> 0', error_if='>= 20', meta={'dagster': {'ref': {'name': 'base_message_events'}}}) }}

{% for stream in event_streams() -%}
select
    '{{ stream }}' as stream,
    repeats.account_id,
    repeats.event_id,
    repeats.event_type as left_out,
    accepted.event_type as counted
from {{ ref('base_' ~ stream) }} as repeats
inner join {{ ref('base_' ~ stream) }} as accepted
    on
        repeats.account_id = accepted.account_id
        and repeats.contact_id = accepted.contact_id
        and repeats.event_id = accepted.event_id
        and repeats.event_type != accepted.event_type
where
    repeats.is_duplicate
    and not accepted.is_duplicate
    and accepted.reject_reason is null
{{ 'union all' if not loop.last }}
{% endfor %}
