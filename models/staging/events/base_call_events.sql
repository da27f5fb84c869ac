{{ config(materialized='incremental', incremental_strategy='replace_events') }}

with outcomes as (
    select * from {{ ref('call_outcomes') }}
),

typed_rows as (
    select
        landed.event_id,
        {{ event_type('call_events', 'landed.event_type') }} as event_type,
        landed.account_id,
        landed.contact_id,
        {{ parse_timestamp('landed.occurred_at') }} as occurred_at,
        landed.call_id,
        landed.campaign_id,
        landed.direction,
        landed.answered_by,
        {{ whole_number('landed.duration_seconds') }} as duration_seconds,
        landed.outcome,
        landed.user_id,
        landed.price,
        coalesce(outcomes.is_lead, false) as is_lead_outcome,
        coalesce(outcomes.is_deal, false) as is_deal_outcome,
        landed.landed_row,
        landed.ingest_date,
        landed.file_id
    from {{ ref('landed_call_events') }} as landed
    left join outcomes on landed.outcome = outcomes.outcome
),

{{ deduplicate_events(
    'typed_rows',
    stream='call_events',
    attributes=[
        'call_id', 'campaign_id', 'direction', 'answered_by', 'duration_seconds', 'outcome', 'user_id', 'price',
        'is_lead_outcome', 'is_deal_outcome',
    ]
) }}

select * from deduplicated_events
