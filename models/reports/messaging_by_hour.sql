{{ config(parameters=['account', 'start_day', 'end_day', 'campaign := null', 'template := null']) }}

with messages as (
    select
        {{ weekday('date_day') }} as weekday,
        hour_of_day as hour,
        count(*) as sms_sent,
        0 as replies_received,
        {{ count_where('is_first_message') }} as first_messages,
        {{ count_where('is_answered') }} as answered_first_messages
    from {{ ref('fct_messages') }}
    where
        {{ in_range(['campaign', 'template']) | indent(8) }}
    group by weekday, hour
),

replies as (
    select
        {{ weekday('date_day') }} as weekday,
        hour_of_day as hour,
        0 as sms_sent,
        count(*) as replies_received,
        0 as first_messages,
        0 as answered_first_messages
    from {{ ref('fct_replies') }}
    where
        {{ in_range(['campaign', 'template']) | indent(8) }}
    group by weekday, hour
),

-- Every hour of the week, including empty ones.
hours as (
    select
        weekdays.weekday,
        hours.hour,
        0 as sms_sent,
        0 as replies_received,
        0 as first_messages,
        0 as answered_first_messages
    from (
        values
        {% for weekday in range(1, 8) -%}
        ({{ weekday }}){{ ',' if not loop.last }}
        {% endfor %}
    ) as weekdays (weekday)
    cross join (
        values
        {% for hour in range(24) -%}
        ({{ hour }}){{ ',' if not loop.last }}
        {% endfor %}
    ) as hours (hour)
),

counts as (
    select
        weekday,
        hour,
        cast(sum(sms_sent) as bigint) as sms_sent,
        cast(sum(replies_received) as bigint) as replies_received,
        cast(sum(first_messages) as bigint) as first_messages,
        cast(sum(answered_first_messages) as bigint) as answered_first_messages
    from (
        select * from messages
        union all
        select * from replies
        union all
        select * from hours
    ) as happened
    group by weekday, hour
)

select
    weekday,
    hour,
    sms_sent,
    replies_received,
    first_messages,
    answered_first_messages,
    {{ rate_with_interval('answered_first_messages', 'first_messages', 'answered_rate') }}
from counts
order by weekday, hour
