{#
    Tables in buckets of their accounts, sorted as they are read: a query of one account reads the files of its bucket alone,
    and of these the parts that hold it.
#}
{% macro spark__clustered_cols(label, required=false) %}
    {%- if config.get('clustered_by') %}
        {{ label }} ({{ config.get('clustered_by') }}) sorted by ({{ config.get('sorted_within') | join(', ') }}) into {{ config.get('buckets') }} buckets
    {%- endif %}
{%- endmacro %}


{# Columns of a contract, as a query without rows. Contracts name types as DuckDB does, and Spark calls one of them otherwise. #}
{% macro spark__get_empty_schema_sql(columns) %}
    select
        {% for column in columns.values() -%}
            cast(null as {{ column.data_type | replace('varchar', dbt.type_string()) }}) as {{ column.name }}{{ ', ' if not loop.last }}
        {% endfor -%}
    where false
{%- endmacro %}


{# A seed's rows. The adapter's own way leaves a quote in a text as it is, which ends the text. #}
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
