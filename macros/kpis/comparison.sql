{#
    One row per template and KPI, from the template's aggregates, for the KPIs that the template filter applies to. A rate comes with
    its part and whole, from which its interval follows.

    of: the relation with each template's aggregates, and which of the two it is.
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


{# A column of template `a` or `b`. #}
{% macro of_template(name, side) -%}
    max({{ name }}) filter (where is_{{ side }})
{%- endmacro %}


{# A number rounded up to two digits, since more would feign precision. #}
{% macro two_digits(number) -%}
    cast(
        ceil({{ number }} / power(10, greatest(floor(log10({{ number }})) - 1, 0)))
        * power(10, greatest(floor(log10({{ number }})) - 1, 0)) as bigint
    )
{%- endmacro %}
