select
    account_id,
    contact_id,
    event_id,
    event_type,
    occurred_at,
    campaign_id,
    template_id,
    label_id,
    batch
from {{ ref('base_contact_events') }}
where reject_reason is null and not is_duplicate
