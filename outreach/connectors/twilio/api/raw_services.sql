select
    sid as service_id,
    account_sid as account_id,
    friendly_name,
    date_created as created_at,
    date_updated as updated_at
from raw.services
