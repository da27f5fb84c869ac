{{ config(severity='warn') }}
-- Accounts whose timezone is missing or no IANA name: their days are those of UTC.
select
    account_id,
    landed_timezone
from {{ ref('stg_accounts') }}
where landed_timezone is null or landed_timezone != timezone
