{# An attribute of a message or call: the first known value, by default in the order of its events. #}
{% macro first_known(attribute, order='event_order') -%}
    min_by({{ attribute }}, {{ order }}) filter (where {{ attribute }} is not null)
{%- endmacro %}
