-- Numbers of an account's own; of every account where the source does not say whose.
select distinct
    clean(account_id) as account_id,
    address(phone_number) as number
from source_own_numbers
union
select
    account_id,
    address(sender) as number
from senders
