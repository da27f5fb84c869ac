{#
    Several rows from one: a select's columns, once for each item of `rows`, a list of lists of `[name, expression]` with the same names
    and types. It reads the relation once, whereas a union would read it for each item.
#}
{% macro several_rows(rows) %}{{ return(adapter.dispatch('several_rows')(rows)) }}{% endmacro %}

{% macro duckdb__several_rows(rows) -%}
    unnest([
        {%- for row in rows %}
        struct_pack({% for name, expression in row %}{{ name }} := {{ expression }}{{ ', ' if not loop.last }}{% endfor %})
        {{- ',' if not loop.last }}
        {%- endfor %}
    ], recursive := true)
{%- endmacro %}

{% macro spark__several_rows(rows) -%}
    inline(array(
        {%- for row in rows %}
        named_struct({% for name, expression in row %}'{{ name }}', {{ expression }}{{ ', ' if not loop.last }}{% endfor %})
        {{- ',' if not loop.last }}
        {%- endfor %}
    ))
{%- endmacro %}
