select
    account_sid as account_id,
    phone_number
from raw.incoming_phone_numbers
union all
select
    account_sid as account_id,
    phone_number
from raw.outgoing_caller_ids
