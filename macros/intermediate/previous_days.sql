{#
    The day on which the same contact last counted for the same KPI: in the account, in the campaign, in the template and in
    both. Of all rows in a range whose previous day is none or before the range there is exactly one per contact, so counting
    them counts distinct contacts, exactly, for any range and filter.

    contact: columns that the KPI counts a contact by.
    order_by: columns that put its rows in time order.
    counted: the condition on which a row counts for it; the rest have no previous day. Every row by default.
#}
{% macro previous_days(contact, order_by, counted=none) -%}
    {%- for level, columns in {
        'account': [], 'campaign': ['campaign_id'], 'template': ['template_id'], 'campaign_template': ['campaign_id', 'template_id']
    }.items() %}
        lag({{ 'case when ' ~ counted ~ ' then date_day end' if counted else 'date_day' }}) over (
            partition by {{ (contact + columns) | join(', ') }} order by {{ order_by | join(', ') }}
        ) as previous_day_in_{{ level }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
