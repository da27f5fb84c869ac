select
    sid as account_id,
    owner_account_sid as owner_account_id,
    friendly_name,
    date_created as created_at,
    date_updated as updated_at
from raw.accounts
