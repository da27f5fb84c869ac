{# A fraction; null, never 0, if there is nothing to divide by. #}
{% macro rate(part, whole) -%}
    cast({{ part }} as double) / nullif({{ whole }}, 0)
{%- endmacro %}


{#
    The 95 % Wilson score interval of a rate: Wilson (1927), "Probable inference, the law of succession, and statistical
    inference", JASA 22, with both sides of the fraction multiplied by the whole. Null if there is nothing to divide by, or if the part
    exceeds the whole, as replies to messages sent before the range may: that is no share. `bound` is `low` or `high`.
#}
{% macro wilson_bound(part, whole, bound) -%}
    {%- set z = 1.959963984540054 -%}
    {%- set k = 'cast(' ~ part ~ ' as double)' -%}
    {%- set n = 'cast(' ~ whole ~ ' as double)' -%}
    case
        when {{ part }} > {{ whole }} then null
        when {{ part }} = {{ 0 if bound == 'low' else whole }} and {{ whole }} > 0 then {{ '0.0' if bound == 'low' else '1.0' }}
        else
            (
                {{ k }} + {{ z * z / 2 }}
                {{ '-' if bound == 'low' else '+' }} {{ z }} * sqrt({{ k }} * ({{ n }} - {{ k }}) / nullif({{ n }}, 0) + {{ z * z / 4 }})
            ) / ({{ n }} + {{ z * z }})
    end
{%- endmacro %}


{# A rate with its interval as `<name>_low` and `<name>_high`. #}
{% macro rate_with_interval(part, whole, name) -%}
    {{ rate(part, whole) }} as {{ name }},
    {{ wilson_bound(part, whole, 'low') }} as {{ name }}_low,
    {{ wilson_bound(part, whole, 'high') }} as {{ name }}_high
{%- endmacro %}
