{# The attribute of a message or call: the first value that is not missing, in an order, which is that of its events by default. #}
{% macro first_known(attribute, order='event_order') -%}
    min_by({{ attribute }}, {{ order }}) filter (where {{ attribute }} is not null)
{%- endmacro %}
