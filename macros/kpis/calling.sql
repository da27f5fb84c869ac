{# A conversation: an answered call with more than 90 seconds of talk; 90 itself is none, nor is a call of unknown length. #}
{% macro is_conversation(is_answered, talk_seconds) -%}
    {{ is_answered }} and coalesce({{ talk_seconds }} > 90, false)
{%- endmacro %}


{# The counts of the Calling view, each an aggregate over outbound calls. #}
{% macro calling_counts() -%}
    count(*) as calls_dialed,
    {{ rows_where('is_answered') }} as calls_answered,
    {{ rows_where('is_conversation') }} as conversations,
    avg(talk_seconds) filter (where is_answered) as average_call_seconds,
    {{ rows_where('is_lead') }} as leads,
    {{ rows_where('is_deal') }} as deals_closed
{%- endmacro %}


{#
    The Calling view's columns, in the page's order, from its counts.

    fills_gaps: whether there are groups without counts, in which nobody was called: 0 of everything.
#}
{% macro calling_kpis(fills_gaps=false) -%}
    {{ count_or_nothing('calls_dialed', fills_gaps) }},
    {{ count_or_nothing('calls_answered', fills_gaps) }},
    {{ count_or_nothing('conversations', fills_gaps) }},
    {{ rate('calls_answered', 'calls_dialed') }} as response_rate,
    average_call_seconds,
    {{ rate('conversations', 'calls_answered') }} as conversation_rate,
    {{ count_or_nothing('leads', fills_gaps) }},
    {{ count_or_nothing('deals_closed', fills_gaps) }},
    {{ rate('leads', 'calls_dialed') }} as call_to_lead_rate,
    {{ rate('deals_closed', 'leads') }} as lead_to_deal_rate
{%- endmacro %}


{# A count by its name; 0 where a group may be without one. #}
{% macro count_or_nothing(name, fills_gaps) -%}
    {{ 'coalesce(' ~ name ~ ', 0) as ' ~ name if fills_gaps else name }}
{%- endmacro %}
