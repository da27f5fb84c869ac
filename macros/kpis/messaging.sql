{#
    The rows of messaging_activity that a report is about, from its parameters.

    grouped_by: the column that the report is broken down by, if any: date_day, campaign_id or template_id.
#}
{% macro activity_in_range(grouped_by=none) -%}
    {{ contact_activity_in_range(grouped_by) }}
    union all
    {{ account_activity_in_range() }}
{%- endmacro %}


{# Of these rows those that are a contact's; `filters` are those that the report takes. #}
{% macro contact_activity_in_range(grouped_by=none, filters=['campaign', 'template']) -%}
    select
        *,
        {{ is_first_in_range(grouped_by) | indent(8) }} as is_first_in_range
    from {{ ref('contact_activity') }}
    where
        {{ in_range(filters) | indent(8) }}
{%- endmacro %}


{# Those that are no contact's. Response times belong to the account, and the creation of a campaign to no template. #}
{% macro account_activity_in_range() -%}
    select
        *,
        cast(null as boolean) as is_first_in_range
    from {{ ref('account_activity') }}
    where
        {{ in_range([]) | indent(8) }}
        and (activity = 'response' or campaign is null or campaign_id = campaign)
{%- endmacro %}


{#
    Whether a row counts its contact in a report: the contact's first row in the range (in the day, where days are apart) of the
    campaign and template in question.
#}
{% macro is_first_in_range(grouped_by=none) -%}
    {%- set in_campaign = 'true' if grouped_by == 'campaign_id' else 'campaign is not null' -%}
    {%- set in_template = 'true' if grouped_by == 'template_id' else 'template is not null' -%}
coalesce(
    case
        when {{ in_campaign }} and {{ in_template }} then previous_day_in_campaign_template
        when {{ in_campaign }} then previous_day_in_campaign
        when {{ in_template }} then previous_day_in_template
        else previous_day_in_account
    end < {{ 'date_day' if grouped_by == 'date_day' else 'cast(start_day as date)' }},
    true
)
{%- endmacro %}
