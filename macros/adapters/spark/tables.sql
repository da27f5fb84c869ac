{#
    Tables bucketed by account and sorted as they are read: a query for one account reads only the files of its bucket, and in these
    only the parts that hold it.
#}
{% macro spark__clustered_cols(label, required=false) %}
    {%- if config.get('clustered_by') %}
        {{ label }} ({{ config.get('clustered_by') }}) sorted by ({{ config.get('sorted_within') | join(', ') }}) into {{ config.get('buckets') }} buckets
    {%- endif %}
{%- endmacro %}


{# A contract's columns as a query without rows. Contracts use DuckDB's type names, one of which differs on Spark. #}
{% macro spark__get_empty_schema_sql(columns) %}
    select
        {% for column in columns.values() -%}
            cast(null as {{ column.data_type | replace('varchar', dbt.type_string()) }}) as {{ column.name }}{{ ', ' if not loop.last }}
        {% endfor -%}
    where false
{%- endmacro %}


{# Inserts a seed's rows. The adapter's own macro does not escape quotes in texts. #}
{% macro spark__load_csv_rows(model, agate_table) %}
    {%- set types = model.config.column_types -%}
    {%- set rows -%}
        {%- for row in agate_table.rows -%}
            (
            {%- for name in agate_table.column_names -%}
                cast({{ 'null' if row[name] is none else spark_text(row[name] | string) }} as {{ types[name] }}){{ ', ' if not loop.last }}
            {%- endfor -%}
            ){{ ', ' if not loop.last }}
        {%- endfor -%}
    {%- endset -%}
    {%- set insertion = 'insert into ' ~ this ~ ' values ' ~ rows -%}
    {%- do adapter.add_query(insertion, abridge_sql_log=True) -%}
    {{ return(insertion) }}
{% endmacro %}
