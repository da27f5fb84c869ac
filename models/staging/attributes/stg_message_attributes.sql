select
    account_id,
    message_id,
    campaign_id,
    template_id,
    {{ vocabulary_word('message_attributes', 'origin', 'origin') }} as origin,
    user_id,
    given_segments,
    price,
    updated_at,
    ingest_date,
    batch
from {{ ref('base_message_attributes') }}
where account_id is not null and message_id is not null
