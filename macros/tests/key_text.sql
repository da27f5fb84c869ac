{#
    The values of a row's key as one text, without the contact: the run keeps test findings, and erasure does not reach them.
#}
{% macro key_text(key, alias=none) -%}
    {%- set columns = key | reject('equalto', 'contact_id') | list -%}
    {%- if columns -%}
        concat_ws(', ', {% for column in columns -%}
            cast({{ alias ~ '.' if alias }}{{ column }} as {{ dbt.type_string() }}){{ ', ' if not loop.last }}
        {%- endfor %})
    {%- else -%}
        cast(null as {{ dbt.type_string() }})
    {%- endif -%}
{%- endmacro %}
