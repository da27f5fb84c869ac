-- The accounts' own numbers. A number without an account counts for every account.
select distinct
    clean(account_id) as account_id,
    address(phone_number) as number
from source_own_numbers
union
select
    account_id,
    address(sender) as number
from senders
