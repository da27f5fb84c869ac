with hours as (
    select
        {{ trimmed('account_id') }} as account_id,
        cast(weekday as int) as weekday,
        60 * cast(substring(opens, 1, 2) as int) + cast(substring(opens, 4, 2) as int) as opens_at_minute,
        60 * cast(substring(closes, 1, 2) as int) + cast(substring(closes, 4, 2) as int) as closes_at_minute
    from {{ ref('business_hours') }}
),

own_hours as (
    select *
    from hours
    where account_id is not null
),

accounts as (
    select
        account_id,
        timezone
    from {{ ref('stg_accounts') }}
),

-- An account with its own rows ignores the common ones.
hours_of_all as (
    select
        accounts.account_id,
        hours.weekday,
        hours.opens_at_minute,
        hours.closes_at_minute
    from accounts
    cross join hours
    where hours.account_id is null and accounts.account_id not in (select own_hours.account_id from own_hours)
    union all
    select
        account_id,
        weekday,
        opens_at_minute,
        closes_at_minute
    from own_hours
)

select
    hours.account_id,
    accounts.timezone,
    hours.weekday,
    hours.opens_at_minute,
    hours.closes_at_minute
from hours_of_all as hours
inner join accounts on hours.account_id = accounts.account_id
