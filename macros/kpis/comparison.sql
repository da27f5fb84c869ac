{#
    A row per template and KPI that a template has of its own, from its aggregates: those that the filter by template applies to. Of a rate
    also its part and whole, which its interval follows from.

    of: relation with the aggregates of the templates, and which of the two each is.
#}
{% macro kpis_of_templates(of) -%}
    {%- set rows = [] -%}
    {%- for kpi in kpi_entries('messaging') if 'template' not in kpi.ignored_filters -%}
        {%- do rows.append([
            ['kpi_order', rows | length],
            ['kpi', "'" ~ kpi.column_name ~ "'"],
            ['unit', "'" ~ kpi.unit ~ "'"],
            ['good', "'" ~ kpi.good ~ "'"],
            ['kpi_value', rate(kpi.numerator, kpi.denominator) if kpi.numerator else 'cast(' ~ kpi.column_name ~ ' as double)'],
            ['part', 'cast(' ~ (kpi.numerator if kpi.unit == 'rate' else 'null') ~ ' as double)'],
            ['whole', 'cast(' ~ (kpi.denominator if kpi.unit == 'rate' else 'null') ~ ' as double)']
        ]) -%}
    {%- endfor %}
    select
        is_a,
        is_b,
        sms_sent,
        {{ several_rows(rows) | indent(4) }}
    from {{ of }}
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
