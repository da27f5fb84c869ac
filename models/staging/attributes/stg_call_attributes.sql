select
    account_id,
    call_id,
    campaign_id,
    user_id,
    outcome,
    is_lead_outcome,
    is_deal_outcome,
    price,
    updated_at,
    ingest_date,
    batch
from {{ ref('base_call_attributes') }}
where account_id is not null and call_id is not null
