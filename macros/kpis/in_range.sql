{#
    A report's parameters as a condition on rows that each have one account and day.

    filters: the further parameters that apply to the rows: campaign, template. Each becomes a separate, plain comparison, so that
    DuckDB skips blocks of rows that cannot match.
#}
{% macro in_range(filters) -%}
account_id = account
and date_day between cast(start_day as date) and cast(end_day as date)
{%- for filter in filters %}
and ({{ filter }} is null or {{ filter }}_id = {{ filter }})
{%- endfor %}
{%- endmacro %}
