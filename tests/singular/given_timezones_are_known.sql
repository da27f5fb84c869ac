{{ config(severity='warn') }}
-- Accounts whose timezone is missing or no IANA name: their days are those of UTC.
select
    account_id,
    given_timezone
from {{ ref('stg_accounts') }}
where given_timezone is null or given_timezone != timezone
