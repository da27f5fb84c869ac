{# A conversation: an answered call with more than 90 seconds of talk; 90 itself is none, nor is a call of unknown length. #}
{% macro is_conversation(is_answered, talk_seconds) -%}
    {{ is_answered }} and coalesce({{ talk_seconds }} > 90, false)
{%- endmacro %}


{# The counts of the Calling view, each an aggregate over outbound calls. #}
{% macro calling_counts() -%}
    count(call_id) as calls_dialed,
    count(call_id) filter (where is_answered) as calls_answered,
    count(call_id) filter (where is_conversation) as conversations,
    avg(talk_seconds) filter (where is_answered) as average_call_seconds,
    count(call_id) filter (where is_lead) as leads,
    count(call_id) filter (where is_deal) as deals_closed
{%- endmacro %}


{# The Calling view's columns, in the page's order, from its counts. #}
{% macro calling_kpis() -%}
    calls_dialed,
    calls_answered,
    conversations,
    {{ rate('calls_answered', 'calls_dialed') }} as response_rate,
    average_call_seconds,
    {{ rate('conversations', 'calls_answered') }} as conversation_rate,
    leads,
    deals_closed,
    {{ rate('leads', 'calls_dialed') }} as call_to_lead_rate,
    {{ rate('deals_closed', 'leads') }} as lead_to_deal_rate
{%- endmacro %}
