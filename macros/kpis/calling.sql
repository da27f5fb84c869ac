{# A conversation: an answered call with more than 90 seconds of talk; 90 itself is none, nor is a call of unknown length. #}
{% macro is_conversation(is_answered, talk_seconds) -%}
    {{ is_answered }} and coalesce({{ talk_seconds }} > 90, false)
{%- endmacro %}


{# The outbound calls that a report of the Calling view is about, from its parameters. #}
{% macro calls_in_range(relation) -%}
    select *
    from {{ relation }}
    where
        {{ in_range(['campaign']) | indent(8) }}
        and direction = 'outbound'
{%- endmacro %}
