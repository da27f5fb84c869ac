{# The outbound calls that a report of the Calling view is about, from its parameters. #}
{% macro calls_in_range(relation) -%}
    select *
    from {{ relation }}
    where
        account_id = account
        and date_day between cast(start_day as date) and cast(end_day as date)
        and (campaign is null or campaign_id = campaign)
        and direction = 'outbound'
{%- endmacro %}
