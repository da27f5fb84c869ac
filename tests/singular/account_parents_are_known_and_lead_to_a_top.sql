{{ config(severity='warn') }}
-- Accounts whose landed parent is unknown or leads back to the account itself; they count as top accounts.
select
    account_id,
    landed_parent_account_id
from {{ ref('int_account_parents') }}
where landed_parent_account_id is not null and parent_account_id is null
