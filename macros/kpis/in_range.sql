{#
    What a report's parameters ask for, as a condition on rows of one account and day each.

    filters: the parameters besides account and days that apply to the rows: campaign, template. Each is a condition of its own, with
    nothing but a comparison in it: DuckDB then skips blocks of rows that cannot hold what is asked for.
#}
{% macro in_range(filters) -%}
account_id = account
and date_day between cast(start_day as date) and cast(end_day as date)
{%- for filter in filters %}
and ({{ filter }} is null or {{ filter }}_id = {{ filter }})
{%- endfor %}
{%- endmacro %}
