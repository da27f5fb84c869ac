{#
    Replaces a view in one statement. dbt's default (another view, two renames and a drop) needs seven more catalogue queries, and a
    build has some thirty views.
#}
{% materialization view, adapter='duckdb' %}
    {%- set result = create_or_replace_view() -%}
    {%- do adapter.commit() -%}
    {{ return(result) }}
{% endmaterialization %}

{% macro duckdb__get_create_view_as_sql(relation, sql) %}
    {%- if config.get('contract').enforced %}{{ get_assert_columns_equivalent(sql) }}{% endif %}
    create or replace view {{ relation }} as (
        {{ sql }}
    )
{% endmacro %}
