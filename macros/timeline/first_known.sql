{# The attribute of a message or call: the first value that is not missing, in the order of its events. #}
{% macro first_known(attribute) -%}
    min_by({{ attribute }}, event_order) filter (where {{ attribute }} is not null)
{%- endmacro %}
