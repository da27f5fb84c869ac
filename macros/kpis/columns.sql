{#
    A view's KPIs other than ratios, each an aggregate over the rows its reports read: messaging_activity, or the outbound calls.
    `is_first_in_range` is true for one row per counted contact; see the macro of that name.

    ignoring: a filter; limits the list to KPIs it does not apply to.
#}
{% macro kpi_aggregates(view, ignoring=none) -%}
    {%- set found = kpi_entries(view) | rejectattr('numerator', 'defined') -%}
    {%- for kpi in found if ignoring is none or ignoring in kpi.ignored_filters %}
    {{ kpi_aggregate(kpi) }} as {{ kpi.column_name }}
    {{- ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#
    One such aggregate. Without any rows, amounts and times are null, and counts are 0.

    is_first: the column that is true for one row per counted contact.
#}
{% macro kpi_aggregate(kpi, is_first='is_first_in_range') -%}
    {%- if kpi.kind == 'count' -%}
        {{ count_where(kpi.where) }}
    {%- elif kpi.kind == 'contacts' -%}
        {{ count_where(kpi.where ~ ' and ' ~ is_first) }}
    {%- elif kpi.unit == 'count' -%}
        cast(coalesce({{ exact_amount(kpi) }}, 0) as bigint)
    {%- else -%}
        cast({{ exact_amount(kpi) }} as double)
    {%- endif -%}
{%- endmacro %}


{# An aggregate that counts no rows, in the type of what it aggregates: sums of decimals are the same in any order. #}
{% macro exact_amount(kpi) -%}
    {{ kpi.kind }}({{ kpi.of }}){{ '' if kpi.where == 'true' else ' filter (where ' ~ kpi.where ~ ')' }}
{%- endmacro %}


{#
    The columns of a view in page order, from its aggregates.

    of: the alias of the relation with the aggregates.
    fills_gaps: whether some groups have no rows, so that their counts have to become 0.
    ignoring: a filter; KPIs it does not apply to come from the relation `account_wide`.
    of_marts: daily tables, each with the alias of the relation that has its KPIs.
    mart: the name of a daily table; limits the columns to KPIs with a meaning at its grain.
#}
{% macro kpi_columns(view, of, fills_gaps=false, ignoring=none, of_marts={}, mart=none) -%}
    {%- set sources = {} -%}
    {%- for kpi in kpi_entries(view) -%}
        {%- do sources.update({kpi.column_name: 'account_wide' if ignoring and ignoring in kpi.ignored_filters else of_marts.get(kpi.daily_table, of)}) -%}
    {%- endfor -%}
    {%- for kpi in kpi_entries(view) if mart is none or kpi.daily_table == mart %}
    {% if kpi.numerator -%}
        {{ rate(sources[kpi.numerator] ~ '.' ~ kpi.numerator, sources[kpi.denominator] ~ '.' ~ kpi.denominator) }} as {{ kpi.column_name }}
    {%- elif fills_gaps and kpi.unit == 'count' -%}
        coalesce({{ sources[kpi.column_name] }}.{{ kpi.column_name }}, 0) as {{ kpi.column_name }}
    {%- else -%}
        {{ sources[kpi.column_name] }}.{{ kpi.column_name }}
    {%- endif -%}
    {{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
