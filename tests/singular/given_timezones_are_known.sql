{{ config(severity='warn') }}
-- Accounts whose timezone is missing or not an IANA name; their days are in UTC.
select
    account_id,
    given_timezone
from {{ ref('stg_accounts') }}
where given_timezone is null or given_timezone != timezone
