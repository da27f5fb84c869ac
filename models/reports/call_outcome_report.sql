{{ config(parameters=['account', 'start_day', 'end_day', 'campaign := null']) }}

with tags as (
    {{ calls_in_range(ref('fct_call_outcomes')) }}
),

counts as (
    select
        outcome,
        count(*) as calls
    from tags
    group by outcome
)

select
    outcome,
    calls,
    {{ rate('calls', 'sum(calls) over ()') }} as share
from counts
order by calls desc, outcome asc
