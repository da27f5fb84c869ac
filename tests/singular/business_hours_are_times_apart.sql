-- Business hours with an invalid weekday or time, that close before they open, or that overlap.
with hours as (
    select
        {{ trimmed('account_id') }} as account_id,
        weekday,
        opens,
        closes,
        lag(closes) over (partition by {{ trimmed('account_id') }}, weekday order by opens) as closes_before
    from {{ ref('business_hours') }}
)

select
    account_id,
    weekday,
    opens,
    closes
from hours
where
    not {{ matches_whole('weekday', '[1-7]') }}
    or not {{ matches_whole('opens', '([01][0-9]|2[0-3]):[0-5][0-9]') }}
    or not {{ matches_whole('closes', '([01][0-9]|2[0-3]):[0-5][0-9]|24:00') }}
    or closes <= opens
    or closes_before > opens
