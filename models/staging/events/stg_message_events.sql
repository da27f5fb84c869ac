select
    account_id,
    contact_id,
    event_id,
    event_type,
    occurred_at,
    message_id,
    campaign_id,
    template_id,
    {{ vocabulary_word('message_events', 'origin', 'origin') }} as origin,
    {{ vocabulary_word('message_events', 'channel', 'channel') }} as channel,
    account_number,
    user_id,
    price,
    given_segments,
    body_segments,
    is_carrier_block_code,
    is_opt_out_text,
    is_opt_in_text,
    batch
from {{ ref('base_message_events') }}
where reject_reason is null and not is_duplicate
