select
    id as call_id,
    account_id,
    parent_call_id,
    direction,
    status,
    "from" as sender,
    "to" as recipient,
    answered_by,
    duration,
    price,
    start_time as started_at,
    end_time as ended_at,
    created_at,
    updated_at,
    _fivetran_synced as synced_at,
    _fivetran_deleted as is_deleted
from raw.call
