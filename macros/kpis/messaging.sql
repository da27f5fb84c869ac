{# The columns of messaging_activity, with their types. #}
{% macro activity_columns() -%}
    {{ return({
        'activity': dbt.type_string(), 'account_id': dbt.type_string(), 'date_day': 'date', 'campaign_id': dbt.type_string(),
        'template_id': dbt.type_string(), 'contact_id': dbt.type_string(), 'label_id': dbt.type_string(), 'status': dbt.type_string(),
        'segments': 'integer', 'price': 'decimal(18, 9)', 'is_campaign_message': 'boolean', 'is_first': 'boolean',
        'campaign_type': dbt.type_string(), 'response_seconds': 'double', 'previous_day_in_account': 'date',
        'previous_day_in_campaign': 'date', 'previous_day_in_template': 'date', 'previous_day_in_campaign_template': 'date',
    }) }}
{%- endmacro %}


{#
    Rows of a relation in the columns of messaging_activity, which are null if the relation lacks them.

    columns: the columns the relation has, each as `name` or `expression as name`.
#}
{% macro activity_rows(relation, columns) -%}
    {%- set given = {} -%}
    {%- for column in columns -%}
        {%- do given.update({column.split(' as ') | last: column}) -%}
    {%- endfor -%}
select
    {%- for name, type in activity_columns().items() %}
    {{ given.get(name, 'cast(null as ' ~ type ~ ') as ' ~ name) }}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ relation }}
{%- endmacro %}


{#
    The rows of messaging_activity that a report covers, from its parameters.

    grouped_by: the column the report is broken down by, if any: date_day, campaign_id or template_id.
#}
{% macro activity_in_range(grouped_by=none) -%}
    {{ contact_activity_in_range(grouped_by) }}
    union all
    {{ account_activity_in_range() }}
{%- endmacro %}


{# Those of these rows that belong to contacts. `filters` lists the report's filters. #}
{% macro contact_activity_in_range(grouped_by=none, filters=['campaign', 'template']) -%}
    select
        *,
        {{ is_first_in_range(grouped_by) | indent(8) }} as is_first_in_range
    from {{ ref('contact_activity') }}
    where
        {{ in_range(filters) | indent(8) }}
{%- endmacro %}


{# Those that belong to no contact: response times, which belong to the account, and created campaigns, which have no template. #}
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
    Whether a row counts its contact in a report: it is the contact's first row in the range (or in the day, in a report by day) for the
    report's campaign and template.
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


{# Whether a message counts its contact in its step: it is the contact's first one of the step in the range, for the report's campaign. #}
{% macro is_first_of_step_in_range() -%}
coalesce(
    case when campaign is null then previous_day_in_step else previous_day_in_campaign_step end < cast(start_day as date),
    true
)
{%- endmacro %}
