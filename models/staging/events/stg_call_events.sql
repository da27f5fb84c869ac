select
    account_id,
    contact_id,
    event_id,
    event_type,
    occurred_at,
    call_id,
    campaign_id,
    {{ vocabulary_word('call_events', 'direction', 'direction') }} as direction,
    {{ vocabulary_word('call_events', 'answered_by', 'answered_by') }} as answered_by,
    duration_seconds,
    outcome,
    user_id,
    price,
    is_lead_outcome,
    is_deal_outcome,
    batch
from {{ ref('base_call_events') }}
where reject_reason is null and not is_duplicate
