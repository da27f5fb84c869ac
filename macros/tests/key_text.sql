{#
    The values of a row's key as one text, the contact aside: what a test has found is kept with the run, where nobody is forgotten.
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
