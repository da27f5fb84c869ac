select
    account_id,
    contact_id
from {{ ref('stg_forgotten_contacts') }}
