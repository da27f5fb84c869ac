{#
    Which of its contact's campaign messages in its campaign a message is, from 1 on; 10 and later are 10.

    campaign: columns that name the contact and the campaign and, where others are among the rows, set apart campaign messages.
    order_by: columns that put messages in time order.
#}
{% macro campaign_step(campaign, order_by) -%}
    cast(
        least(row_number() over (partition by {{ campaign | join(', ') }} order by {{ order_by | join(', ') }}), 10) as integer
    )
{%- endmacro %}
