select
    id as account_id,
    owner_account_id,
    friendly_name,
    created_at,
    updated_at
from raw.account_history
