select
    sid as call_id,
    account_sid as account_id,
    parent_call_sid as parent_call_id,
    direction,
    status,
    "from" as sender,
    "to" as recipient,
    answered_by,
    duration,
    price,
    start_time as started_at,
    end_time as ended_at,
    date_created as created_at,
    date_updated as updated_at,
    extracted_at as synced_at,
    null as is_deleted
from raw.calls
