{# Schemas are named as the folders say, without the target's own schema in front. #}
{% macro generate_schema_name(custom_schema_name, node) %}
    {{- custom_schema_name or target.schema -}}
{% endmacro %}

{# Relations are named without the database, so that a warehouse file that is moved, renamed or attached goes on working. #}
{% macro ref() %}
    {{- return(builtins.ref(*varargs, **kwargs).include(database=false)) -}}
{% endmacro %}

{% macro source() %}
    {{- return(builtins.source(*varargs, **kwargs).include(database=false)) -}}
{% endmacro %}
