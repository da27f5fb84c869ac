{#
    Several rows out of one: a select's columns, once for each of `rows`, a list of lists of `[name, expression]`, all with the same names and
    types. One pass over the relation, where a union would read it anew for each.
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
