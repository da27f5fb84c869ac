{#
    The counts of the Messaging view, each an aggregate over messaging_activity, and the median of its response times.
    `is_first_in_range` is true for one row per contact of what is counted: see the macro of that name.
#}
{% macro messaging_counts() -%}
    {{ rows_where("activity = 'campaign_created'") }} as campaigns_created,
    {{ rows_where("activity = 'campaign_created' and campaign_type = 'standard'") }} as standard_campaigns,
    {{ rows_where("activity = 'campaign_created' and campaign_type = 'keyword'") }} as keyword_campaigns,
    {{ rows_where("activity = 'message'") }} as sms_sent,
    cast(coalesce(sum(segments), 0) as bigint) as sms_segments_sent,
    {{ rows_where("activity = 'message' and is_campaign_message") }} as campaign_messages,
    {{ rows_where("activity = 'message' and is_campaign_message and status = 'carrier_blocked'") }} as carrier_blocked_messages,
    {{ rows_where("activity = 'reply'") }} as replies_received,
    {{ rows_where("activity = 'message' and is_first") }} as first_messages,
    {{ rows_where("activity = 'message' and is_first and status = 'delivered'") }} as delivered_first_messages,
    {{ rows_where("activity = 'message' and is_campaign_message and is_first_in_range") }} as contacts,
    {{ rows_where("activity = 'opt_out' and is_first_in_range") }} as opted_out_contacts,
    {{ rows_where("activity = 'ai_filter' and is_first_in_range") }} as ai_filtered_contacts,
    {{ rows_where("activity = 'reply' and is_first and is_first_in_range") }} as responded_contacts,
    {{ median_response_seconds() }},
    {{ rows_where("activity = 'lead' and is_first") }} as leads
{%- endmacro %}


{# The median of the answered waits; the mean of the middle two where their number is even. #}
{% macro median_response_seconds() -%}
    median(response_seconds) as median_response_seconds
{%- endmacro %}


{#
    The Messaging view's columns, in the page's order, from its counts.

    counts: alias of the relation with the counts.
    elsewhere: columns that are not of the counts but of another relation, each with its alias.
    without: columns that have no meaning at the grain.
    fills_gaps: whether there are groups without counts, in which nothing happened: 0 of everything.
#}
{% macro messaging_kpis(counts, elsewhere={}, without=[], fills_gaps=false) -%}
    {%- set columns = {
        'campaigns_created': none, 'standard_campaigns': none, 'keyword_campaigns': none,
        'sms_sent': none, 'sms_segments_sent': none,
        'campaign_messages': none, 'carrier_blocked_messages': none,
        'carrier_block_rate': ('carrier_blocked_messages', 'campaign_messages'),
        'replies_received': none,
        'first_messages': none, 'delivered_first_messages': none,
        'delivery_rate': ('delivered_first_messages', 'first_messages'),
        'contacts': none,
        'opted_out_contacts': none, 'opt_out_rate': ('opted_out_contacts', 'contacts'),
        'ai_filtered_contacts': none, 'ai_filtering_rate': ('ai_filtered_contacts', 'contacts'),
        'responded_contacts': none, 'reply_rate': ('responded_contacts', 'contacts'),
        'median_response_seconds': none,
        'leads': none, 'sms_to_lead_rate': ('leads', 'sms_sent'), 'contact_to_lead_rate': ('leads', 'contacts'),
    } -%}
    {%- for name, fraction in columns.items() if name not in without %}
    {% if fraction -%}
        {{ rate(counts ~ '.' ~ fraction[0], counts ~ '.' ~ fraction[1]) }} as {{ name }}
    {%- elif fills_gaps and name != 'median_response_seconds' -%}
        coalesce({{ counts }}.{{ name }}, 0) as {{ name }}
    {%- else -%}
        {{ elsewhere.get(name, counts) }}.{{ name }}
    {%- endif -%}
    {{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#
    The rows of messaging_activity that a report is about, from its parameters.

    grouped_by: the column that the report is broken down by, if any: date_day, campaign_id or template_id.
#}
{% macro activity_in_range(grouped_by=none) -%}
    {{ contact_activity_in_range(grouped_by) }}
    union all
    {{ account_activity_in_range() }}
{%- endmacro %}


{# Of these rows those that are a contact's. #}
{% macro contact_activity_in_range(grouped_by=none) -%}
    select
        *,
        {{ is_first_in_range(grouped_by) | indent(8) }} as is_first_in_range
    from {{ ref('contact_activity') }}
    where
        {{ in_range(['campaign', 'template']) | indent(8) }}
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
