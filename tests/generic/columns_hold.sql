{#
    Tests the columns of a model in one query: returns a row per broken rule, with the number of rows that break it and one row's key.

    key: the columns that identify a row. Nulls count as values.
    required: the columns that are never null.
    values: the allowed values, by column.
    parents: models that contain every non-null key of some columns, each with `parent` and the `columns` both have.
#}
{% test columns_hold(model, key=[], required=[], values={}, parents=[]) %}
{{ config(fail_calc='coalesce(sum(row_count), 0)') }}
{%- set conditions = [] -%}
{%- for column in required -%}
    {%- do conditions.append((column ~ ' is never null', column ~ ' is null')) -%}
{%- endfor -%}
{%- for column, allowed in values.items() -%}
    {%- do conditions.append((
        column ~ ' is one of ' ~ allowed | join(', '), column ~ " not in ('" ~ allowed | join("', '") ~ "')"
    )) -%}
{%- endfor -%}
{%- set rules = [] -%}

with
{%- if conditions %}
counts as (
    select
        {% for _, condition in conditions -%}
        count(case when {{ condition }} then 1 end) as row_count_{{ loop.index }},
        min(case when {{ condition }} then {{ key_text(key) }} end) as example_{{ loop.index }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ model }}
),

{% for rule, _ in conditions -%}
    {%- do rules.append('rule_' ~ loop.index) -%}
rule_{{ loop.index }} as (
    select '{{ rule | replace("'", "''") }}' as rule, row_count_{{ loop.index }} as row_count, example_{{ loop.index }} as example
    from counts
),

{% endfor %}
{%- endif %}
{%- if key -%}
    {%- do rules.append('repeated_keys') %}
repeated_keys as (
    select
        'one row per {{ key | join(', ') }}' as rule,
        count(*) as row_count,
        min({{ key_text(key) }}) as example
    from (select {{ key | join(', ') }} from {{ model }} group by {{ key | join(', ') }} having count(*) > 1) as keys
),

{% endif %}
{%- for parent in parents -%}
    {%- do rules.append('unknown_keys_' ~ loop.index) %}
unknown_keys_{{ loop.index }} as (
    select
        '{{ parent.columns[-1] }} is in {{ parent.parent.identifier }}' as rule,
        count(*) as row_count,
        min({{ key_text(parent.columns, 'children') }}) as example
    from {{ model }} as children
    left join {{ parent.parent }} as parents
        on {% for column in parent.columns -%}
            children.{{ column }} = parents.{{ column }}{{ ' and ' if not loop.last }}
        {%- endfor %}
    where children.{{ parent.columns[-1] }} is not null and parents.{{ parent.columns[-1] }} is null
),

{% endfor %}
broken_rules as (
    {% for name in rules -%}
    select rule, row_count, example from {{ name }} where row_count > 0
    {{ 'union all' if not loop.last }}
    {% endfor -%}
)

select rule, row_count, example
from broken_rules
{% endtest %}
