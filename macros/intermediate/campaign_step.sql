{#
    A message's step: its number among its contact's campaign messages in the campaign, from 1; 10 stands for 10 and later.

    campaign: the columns that identify contact and campaign and, among other rows, separate campaign messages.
    order_by: the columns that put messages in time order.
#}
{% macro campaign_step(campaign, order_by) -%}
    cast(
        least(row_number() over (partition by {{ campaign | join(', ') }} order by {{ order_by | join(', ') }}), 10) as integer
    )
{%- endmacro %}
