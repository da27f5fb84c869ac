select
    id as message_id,
    account_id,
    direction,
    status,
    "from" as sender,
    "to" as recipient,
    body,
    error_code,
    num_media,
    num_segments,
    messaging_service_sid as service_id,
    price,
    date_sent as sent_at,
    created_at,
    updated_at,
    _fivetran_synced as synced_at,
    _fivetran_deleted as is_deleted
from raw.message
