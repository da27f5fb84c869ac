select
    id as service_id,
    account_id,
    friendly_name,
    created_at,
    updated_at
from raw.messaging_service
