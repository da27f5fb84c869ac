{# A fraction; null, and never 0, where there is nothing to divide by. #}
{% macro rate(part, whole) -%}
    cast({{ part }} as double) / nullif({{ whole }}, 0)
{%- endmacro %}


{#
    The 95 % Wilson score interval of a rate: Wilson (1927), "Probable inference, the law of succession, and statistical
    inference", JASA 22. Null where there is nothing to divide by. `bound` is `low` or `high`.
#}
{% macro wilson_bound(part, whole, bound) -%}
    {%- set z = 1.959963984540054 -%}
    {%- set p = '(' ~ rate(part, whole) ~ ')' -%}
    {%- set n = 'nullif(cast(' ~ whole ~ ' as double), 0)' -%}
    case
        when {{ part }} = {{ 0 if bound == 'low' else whole }} and {{ whole }} > 0 then {{ '0.0' if bound == 'low' else '1.0' }}
        else
            (
                {{ p }} + {{ z * z / 2 }} / {{ n }}
                {{ '-' if bound == 'low' else '+' }} {{ z }}
                * sqrt({{ p }} * (1 - {{ p }}) / {{ n }} + {{ z * z / 4 }} / ({{ n }} * {{ n }}))
            ) / (1 + {{ z * z }} / {{ n }})
    end
{%- endmacro %}
