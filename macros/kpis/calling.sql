{# A conversation: an answered call with more than 90 seconds of talk. Exactly 90 seconds, or an unknown length, is none. #}
{% macro is_conversation(is_answered, talk_seconds) -%}
    {{ is_answered }} and coalesce({{ talk_seconds }} > 90, false)
{%- endmacro %}


{# The outbound calls that a Calling report covers, from its parameters. #}
{% macro calls_in_range(relation) -%}
    select *
    from {{ relation }}
    where
        {{ in_range(['campaign']) | indent(8) }}
        and direction = 'outbound'
{%- endmacro %}
