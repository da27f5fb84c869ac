{#
    A row per template and KPI that a template has of its own, from its aggregates: those that the filter by template applies to. Of a rate
    also its part and whole, which its interval follows from.

    of: relation with the aggregates by template.
#}
{% macro kpis_of_templates(of) -%}
    {%- set kpis = kpi_entries('messaging') | rejectattr('ignored_filters', 'in', ['template', 'campaign, template']) | list -%}
    {%- for kpi in kpis %}
    select
        {{ loop.index }} as kpi_order,
        '{{ kpi.column_name }}' as kpi,
        '{{ kpi.unit }}' as unit,
        '{{ kpi.good }}' as good,
        is_a,
        is_b,
        sms_sent,
        {{ rate(kpi.numerator, kpi.denominator) if kpi.numerator else 'cast(' ~ kpi.column_name ~ ' as double)' }} as kpi_value,
        cast({{ kpi.numerator if kpi.unit == 'rate' else 'null' }} as double) as part,
        cast({{ kpi.denominator if kpi.unit == 'rate' else 'null' }} as double) as whole
    from {{ of }}
    {{- ' union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{# A column of one of the two templates: `a` or `b`. #}
{% macro of_template(name, side) -%}
    max({{ name }}) filter (where is_{{ side }})
{%- endmacro %}


{# A number rounded up to two digits: more of them would say more than is known. #}
{% macro two_digits(number) -%}
    cast(
        ceil({{ number }} / power(10, greatest(floor(log10({{ number }})) - 1, 0)))
        * power(10, greatest(floor(log10({{ number }})) - 1, 0)) as bigint
    )
{%- endmacro %}
