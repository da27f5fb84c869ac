{{ config(materialized='incremental', incremental_strategy='replace_events') }}

with typed_rows as (
    select
        event_id,
        {{ event_type('contact_events') }} as event_type,
        account_id,
        contact_id,
        {{ parse_timestamp('occurred_at') }} as occurred_at,
        campaign_id,
        template_id,
        label_id,
        landed_row,
        ingest_date,
        file_id
    from {{ ref('landed_contact_events') }}
),

{{ deduplicate_events(
    'typed_rows',
    stream='contact_events',
    attributes=['campaign_id', 'template_id', 'label_id']
) }}

select * from deduplicated_events
