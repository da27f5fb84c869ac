{%- set texts = [
    'name', 'view', 'column_name', 'label', 'unit', 'good', 'description', 'formula', 'ignored_filters', 'daily_table'
] -%}
{% for kpi in kpi_entries('messaging') + kpi_entries('calling') -%}
select
    {%- for text in texts %}
    {{ dbt.string_literal(dbt.escape_single_quotes(kpi[text])) }} as {{ text }},
    {%- endfor %}
    {{ kpi.may_be_summed }} as may_be_summed
{{ 'union all' if not loop.last }}
{% endfor %}
