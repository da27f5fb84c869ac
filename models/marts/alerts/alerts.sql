{{ config(materialized='table') }}
{%- set levels = {'account': [], 'campaign': ['campaign_id'], 'template': ['template_id']} %}
{%- set rates = kpi_entries('messaging') | selectattr('alerts', 'true') | list %}
{%- set counted = rates | map(attribute='numerator') | list + rates | map(attribute='denominator') | list %}
{%- set counted = counted + ['sms_sent', 'replies_received', 'priced_messages'] %}
{%- set counts = kpi_entries('messaging') | selectattr('column_name', 'in', counted) | list %}
{%- set cost = kpi_entries('messaging') | selectattr('column_name', 'equalto', 'sms_cost') | first %}

with newest as (
    select max(happened_at) as happened_at
    from (
        select max(sent_at) as happened_at from {{ ref('fct_messages') }}
        union all
        select max(received_at) as happened_at from {{ ref('fct_replies') }}
        union all
        select max(dialed_at) as happened_at from {{ ref('fct_calls') }}
    ) as moments
),

-- Judges the 28 days before the account's open day, each against the 28 days before it.
judged_days as (
    select
        accounts.account_id,
        {{ local_day('newest.happened_at', "coalesce(accounts.timezone, 'UTC')") }} as open_day
    from {{ ref('dim_accounts') }} as accounts
    cross join newest
    where newest.happened_at is not null
),

activity as (
    select
        activity.*,
        {% for level in levels -%}
        coalesce(activity.previous_day_in_{{ level }} < activity.date_day, true) as is_first_in_{{ level }},
        {% endfor -%}
        days.open_day
    from {{ ref('contact_activity') }} as activity
    inner join judged_days as days on activity.account_id = days.account_id
    where
        {{ day_number('activity.date_day') }} >= {{ day_number('days.open_day') }} - 57
        and activity.date_day < days.open_day
),

-- Reads the activity once for all levels. A contact counts for each level on its own.
smallest_counts as (
    select
        account_id,
        campaign_id,
        template_id,
        date_day,
        open_day,
        {% for kpi in counts if kpi.kind != 'contacts' -%}
        {{ kpi_aggregate(kpi) }} as {{ kpi.column_name }},
        {% endfor -%}
        {% for level in levels -%}
        {% for kpi in counts if kpi.kind == 'contacts' -%}
        {{ kpi_aggregate(kpi, 'is_first_in_' ~ level) }} as {{ level }}_{{ kpi.column_name }},
        {% endfor -%}
        {% endfor -%}
        -- Not a double yet, because the order of additions must not matter.
        {{ exact_amount(cost) }} as sms_cost
    from activity
    group by account_id, campaign_id, template_id, date_day, open_day
),

{% for level, keys in levels.items() -%}
{{ level }}_counts as (
    select
        '{{ level }}' as level,
        account_id,
        {% for key in ['campaign_id', 'template_id'] -%}
        {{ key if key in keys else 'cast(null as ' ~ dbt.type_string() ~ ') as ' ~ key }},
        {% endfor -%}
        date_day,
        open_day,
        {% for kpi in counts -%}
        cast(sum({{ level ~ '_' if kpi.kind == 'contacts' }}{{ kpi.column_name }}) as bigint) as {{ kpi.column_name }},
        {% endfor -%}
        cast(sum(sms_cost) as double) as sms_cost
    from smallest_counts
    {% for key in keys -%}
    where {{ key }} is not null
    {% endfor -%}
    group by {{ (['account_id'] + keys + ['date_day', 'open_day']) | join(', ') }}
),

{% endfor -%}

level_counts as (
    {% for level in levels -%}
    select * from {{ level }}_counts
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

rates as (
    {% for kpi in rates -%}
    select
        level,
        account_id,
        campaign_id,
        template_id,
        open_day,
        concat_ws(chr(31), level, account_id, coalesce(campaign_id, ''), coalesce(template_id, '')) as thing,
        '{{ kpi.name }}' as kind,
        date_day,
        {{ kpi.numerator }} as part,
        {{ kpi.denominator }} as whole,
        {{ 1 if kpi.good == 'down' else -1 }} as bad
    from level_counts
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

out_of_line as (
    {{ rates_out_of_line('rates') | indent(4) }}
),

calls as (
    select
        calls.account_id,
        calls.date_day,
        days.open_day,
        count(calls.price) as priced,
        sum(calls.price) as cost
    from {{ ref('fct_calls') }} as calls
    inner join judged_days as days on calls.account_id = days.account_id
    where
        calls.direction = 'outbound'
        and {{ day_number('calls.date_day') }} >= {{ day_number('days.open_day') }} - 57
        and calls.date_day < days.open_day
    group by calls.account_id, calls.date_day, days.open_day
),

-- The two sources that may fall silent, and the cost, by day.
sources as (
    select
        'no_messages' as kind,
        account_id,
        date_day,
        open_day
    from account_counts
    where sms_sent + replies_received > 0
    union all
    select
        'no_calls' as kind,
        account_id,
        date_day,
        open_day
    from calls
),

silences as (
    select
        *,
        count(*) over (
            partition by kind, account_id order by {{ day_number('date_day') }}
            range between 27 preceding and current row
        ) as days,
        lead(date_day) over (partition by kind, account_id order by date_day) as next_day
    from sources
),

costs as (
    select
        account_id,
        date_day,
        open_day,
        sum(cost) as cost,
        sum(priced) as priced
    from (
        select
            account_id,
            date_day,
            open_day,
            sms_cost as cost,
            priced_messages as priced
        from account_counts
        union all
        select
            account_id,
            date_day,
            open_day,
            cast(cost as double) as cost,
            priced
        from calls
    ) as amounts
    where priced > 0
    group by account_id, date_day, open_day
),

costs_before as (
    select
        *,
        count(*) over history as days,
        avg(cost) over history as expected
    from costs
    window history as (
        partition by account_id order by {{ day_number('date_day') }} range between 28 preceding and 1 preceding
    )
),

alerts as (
    select
        account_id,
        date_day,
        kind,
        level,
        campaign_id,
        template_id,
        open_day,
        observed,
        expected,
        judged_on,
        chance
    from out_of_line
    union all
    select
        account_id,
        {{ next_day('date_day') }} as date_day,
        kind,
        'account' as level,
        null as campaign_id,
        null as template_id,
        open_day,
        0.0 as observed,
        cast(null as double) as expected,
        cast(null as bigint) as judged_on,
        cast(null as double) as chance
    from silences
    where
        days = 28
        and {{ day_number('date_day') }} + 1 < {{ day_number('open_day') }}
        and (next_day is null or {{ day_number('next_day') }} > {{ day_number('date_day') }} + 1)
    union all
    select
        account_id,
        date_day,
        'cost_doubled' as kind,
        'account' as level,
        null as campaign_id,
        null as template_id,
        open_day,
        cost as observed,
        expected,
        cast(priced as bigint) as judged_on,
        cast(null as double) as chance
    from costs_before
    where days >= 7 and priced >= 30 and cost >= 2 * expected
)

select
    account_id,
    date_day,
    kind,
    level,
    campaign_id,
    template_id,
    observed,
    expected,
    judged_on,
    chance
from alerts
where {{ day_number('date_day') }} >= {{ day_number('open_day') }} - 28
