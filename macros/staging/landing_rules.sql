{#
    What a row of each stream has to have: the columns without one of which it does not count (an event is rejected, an entity's
    version ignored; in this order), and the types that an event may be of.
#}
{% macro landing_rules() %}
    {{ return({
        'accounts': {'required': ['account_id']},
        'users': {'required': ['user_id']},
        'campaigns': {'required': ['account_id', 'campaign_id']},
        'message_templates': {'required': ['account_id', 'template_id']},
        'labels': {'required': ['account_id', 'label_id']},
        'forgotten_contacts': {'required': ['account_id', 'contact_id']},
        'message_events': {
            'required': ['event_id', 'account_id', 'contact_id', 'message_id'],
            'event_types': ['sent', 'delivered', 'carrier_blocked', 'undelivered', 'received'],
        },
        'contact_events': {
            'required': ['event_id', 'account_id', 'contact_id'],
            'event_types': ['opted_out', 'ai_filtered', 'label_added', 'lead_created'],
        },
        'call_events': {
            'required': ['event_id', 'account_id', 'contact_id', 'call_id'],
            'event_types': ['dialed', 'answered', 'ended', 'outcome_recorded'],
        },
    }) }}
{% endmacro %}


{# The streams of events: append-only, settled by the same rules, and counted to the last row. #}
{% macro event_streams() %}
    {%- set streams = [] -%}
    {%- for stream, rules in landing_rules().items() if rules.event_types -%}{%- do streams.append(stream) -%}{%- endfor -%}
    {{ return(streams) }}
{% endmacro %}


{# Whether a row with this reject reason is an event, or will be one when its account arrives. #}
{% macro may_count(reject_reason) -%}
    coalesce({{ reject_reason }}, 'unknown_account') = 'unknown_account'
{%- endmacro %}


{#
    The first rule that a row breaks, of typed `rows` joined with their account as `accounts`; null where it breaks none.
    Rows of entities have no event types.
#}
{% macro reject_reason(required, event_types) -%}
    case
        {%- for column in required %}
        when rows.{{ column }} is null then 'missing_{{ column }}'
        {%- endfor %}
        {%- if event_types %}
        when coalesce(rows.event_type, '') not in ('{{ event_types | join("', '") }}') then 'unknown_event_type'
        when rows.occurred_at is null then 'invalid_occurred_at'
        when accounts.account_id is null then 'unknown_account'
        {%- endif %}
    end
{%- endmacro %}
