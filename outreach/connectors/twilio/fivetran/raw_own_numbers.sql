select
    account_id,
    phone_number
from raw.incoming_phone_number
union all
select
    account_id,
    phone_number
from raw.outgoing_caller_id
