{{ config(parameters=['account', 'start_day', 'end_day']) }}

with responses as (
    select
        user_id,
        response_seconds,
        business_seconds
    from {{ ref('fct_response_times') }}
    where
        {{ in_range([]) | indent(8) }}
)

select
    user_id,
    count(*) as responses,
    median(response_seconds) as median_response_seconds,
    {{ percentile('response_seconds', 0.9) }} as p90_response_seconds,
    {{ rate(count_where('response_seconds <= 300'), 'count(*)') }} as within_5_minutes,
    median(business_seconds) as median_business_seconds
from responses
group by user_id
order by user_id nulls last
