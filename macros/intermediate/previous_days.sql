{#
    The previous day on which the same contact counted for the same KPI: in the account, in the campaign, in the template, and in both.
    Among a range's rows, exactly one per contact has no previous day or one before the range. Counting these rows therefore counts
    distinct contacts exactly, for any range and filter.

    contact: the columns that identify a contact for the KPI.
    order_by: the columns that put its rows in time order.
    counted: the condition for a row to count; other rows have no previous day. By default every row counts.
    further_levels: what else a contact is counted in, each with the columns that tell its rows apart.
#}
{% macro previous_days(contact, order_by, counted=none, further_levels={}) -%}
    {%- set levels = {
        'account': [], 'campaign': ['campaign_id'], 'template': ['template_id'], 'campaign_template': ['campaign_id', 'template_id']
    } -%}
    {%- do levels.update(further_levels) -%}
    {%- for level, columns in levels.items() %}
        lag({{ 'case when ' ~ counted ~ ' then date_day end' if counted else 'date_day' }}) over (
            partition by {{ (contact + columns) | join(', ') }} order by {{ order_by | join(', ') }}
        ) as previous_day_in_{{ level }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
