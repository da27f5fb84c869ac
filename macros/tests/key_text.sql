{# The values of a row's key as one text. #}
{% macro key_text(key, alias=none) -%}
    {%- if key -%}
        concat_ws(', ', {% for column in key -%}
            cast({{ alias ~ '.' if alias }}{{ column }} as {{ dbt.type_string() }}){{ ', ' if not loop.last }}
        {%- endfor %})
    {%- else -%}
        cast(null as {{ dbt.type_string() }})
    {%- endif -%}
{%- endmacro %}
