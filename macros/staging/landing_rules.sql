{#
    The rules for each stream's rows: the required columns, in order (without one an event is rejected and an entity's version ignored),
    the event types, and the words of the other columns with a fixed vocabulary. Words may be in any case. Some have a pattern, for
    their lower case, that covers providers' own forms of the same word.
#}
{% macro landing_rules() %}
    {{ return({
        'accounts': {'required': ['account_id']},
        'users': {'required': ['user_id']},
        'campaigns': {
            'required': ['account_id', 'campaign_id'],
            'vocabularies': {'campaign_type': {'standard': 'standard', 'keyword': 'keyword'}},
        },
        'message_templates': {'required': ['account_id', 'template_id']},
        'labels': {'required': ['account_id', 'label_id']},
        'message_attributes': {
            'required': ['account_id', 'message_id'],
            'vocabularies': {'origin': {'campaign': 'campaign', 'manual': 'manual'}},
        },
        'call_attributes': {'required': ['account_id', 'call_id']},
        'forgotten_contacts': {'required': ['account_id', 'contact_id']},
        'message_events': {
            'required': ['event_id', 'account_id', 'contact_id', 'message_id'],
            'event_types': ['sent', 'delivered', 'carrier_blocked', 'undelivered', 'received'],
            'vocabularies': {
                'origin': {'campaign': 'campaign', 'manual': 'manual'},
                'channel': {'sms': 'sms', 'mms': 'mms'},
            },
        },
        'contact_events': {
            'required': ['event_id', 'account_id', 'contact_id'],
            'event_types': ['opted_out', 'opted_in', 'ai_filtered', 'label_added', 'lead_created'],
        },
        'call_events': {
            'required': ['event_id', 'account_id', 'contact_id', 'call_id'],
            'event_types': ['dialed', 'answered', 'ended', 'outcome_recorded'],
            'vocabularies': {
                'direction': {'outbound': 'outbound([^a-z].*)?', 'inbound': 'inbound([^a-z].*)?'},
                'answered_by': {'human': 'human', 'machine': 'machine.*|fax'},
            },
        },
    }) }}
{% endmacro %}


{# The event streams: append-only, de-duplicated by the same rules, with every row accounted for. #}
{% macro event_streams() %}
    {%- set streams = [] -%}
    {%- for stream, rules in landing_rules().items() if rules.event_types -%}{%- do streams.append(stream) -%}{%- endfor -%}
    {{ return(streams) }}
{% endmacro %}


{# A stream's columns with a fixed vocabulary, each with its words, including the event type. #}
{% macro vocabularies(stream) %}
    {%- set rules = landing_rules()[stream] -%}
    {%- set words = {} -%}
    {%- for event_type in rules.get('event_types', []) -%}{%- do words.update({event_type: event_type}) -%}{%- endfor -%}
    {%- set found = {'event_type': words} if words else {} -%}
    {%- do found.update(rules.get('vocabularies', {})) -%}
    {{ return(found) }}
{% endmacro %}


{# Every stream and column with a fixed vocabulary. #}
{% macro columns_of_vocabularies() %}
    {%- set found = [] -%}
    {%- for stream in landing_rules() -%}
        {%- for column in vocabularies(stream) -%}{%- do found.append((stream, column)) -%}{%- endfor -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}


{# The vocabulary word that a landed value means; null if it means none. #}
{% macro vocabulary_word(stream, column, value) -%}
    case
        {%- for word, pattern in vocabularies(stream)[column].items() %}
        when {{ 'lower(' ~ value ~ ") = '" ~ word ~ "'" if word == pattern else matches_whole('lower(' ~ value ~ ')', pattern) }} then '{{ word }}'
        {%- endfor %}
    end
{%- endmacro %}


{# The event type as its vocabulary word. Any other value stays as landed, and is rejected. #}
{% macro event_type(stream, value='event_type') -%}
    coalesce({{ vocabulary_word(stream, 'event_type', value) }}, {{ value }})
{%- endmacro %}


{# Whether a row with this reject reason is an event now, or will be once its account arrives. #}
{% macro may_count(reject_reason) -%}
    coalesce({{ reject_reason }}, 'unknown_account') = 'unknown_account'
{%- endmacro %}


{#
    The first rule that a row breaks, for typed `rows` joined with their account as `accounts`; null if it breaks none.
    Rows of entities have no event type. A time before 1970, or after the seventh day following the row's ingest day, comes from a
    broken clock.
#}
{% macro reject_reason(stream) -%}
    {%- set rules = landing_rules()[stream] -%}
    case
        {%- for column in rules.required %}
        when rows.{{ column }} is null then 'missing_{{ column }}'
        {%- endfor %}
        {%- if rules.get('event_types') %}
        when coalesce(rows.event_type, '') not in ('{{ rules.event_types | join("', '") }}') then 'unknown_event_type'
        when rows.occurred_at is null then 'invalid_occurred_at'
        when rows.occurred_at < timestamp '1970-01-01 00:00:00' or rows.occurred_at >= {{ days_after('rows.ingest_date', 8) }}
            then 'implausible_occurred_at'
        when accounts.account_id is null then 'unknown_account'
        {%- endif %}
    end
{%- endmacro %}
