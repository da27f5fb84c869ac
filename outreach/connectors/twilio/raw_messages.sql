select
    sid as message_id,
    account_sid as account_id,
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
    date_created as created_at,
    date_updated as updated_at,
    extracted_at as synced_at,
    null as is_deleted
from raw.messages
